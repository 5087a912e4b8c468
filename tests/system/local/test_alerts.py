"""Every alert is caused, fires, and resolves: on the real system, with short windows and waits.

The shipped windows and waits are covered by test_alert_rules.py.
"""

import os
import signal
from collections.abc import AsyncIterator

import pytest

from chassis.testing import eventually
from local_stack import control
from local_stack.addresses import Addresses
from tests.support.capture import capture_faults
from tests.support.clients.api_clients import ApiClient
from tests.support.stack import faults
from tests.support.stack.instance import NAME
from tests.support.stack.prometheus import Prometheus, hasty
from tests.support.stack.survival import created, visible

pytestmark = pytest.mark.e2e
FIRES_WITHIN = 60  # seconds; the longest, the canary's, is a window and two probe intervals


@pytest.fixture(scope="module")
async def prometheus(
    stack: Addresses, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Prometheus]:
    async with hasty(stack, tmp_path_factory.mktemp("prometheus")) as running:
        yield running


async def fires(prometheus: Prometheus, *alerts: tuple[str, str]) -> None:
    """Each of the alerts fires for its job, with a complete text."""

    async def all_fire() -> None:
        firing = await prometheus.firing()
        assert not set(alerts) - set(firing)
        text = "".join(firing[alert] for alert in alerts)
        assert "{{" not in text
        assert "<" not in text  # as in <no value> and <error expanding template …>

    await eventually(all_fire, within=FIRES_WITHIN, every=0.5)


async def silent(prometheus: Prometheus) -> None:
    """All targets are up; no alert fires or is pending."""

    async def all_well() -> None:
        assert await prometheus.query("up == 1")
        assert not await prometheus.query("ALERTS or up == 0")

    await eventually(all_well, within=90, every=0.5)


async def test_no_alert_fires_on_a_healthy_system(prometheus: Prometheus) -> None:
    await silent(prometheus)


async def test_suspended_store_exhausts_the_pool_and_fails_requests(
    stack: Addresses, prometheus: Prometheus
) -> None:
    async with faults.reading_histories(stack, callers=40), faults.frozen("mysql"):
        await fires(
            prometheus, ("StorePoolExhausted", "command-api"), ("RequestsFail", "command-api")
        )


async def test_index_that_rejects_writes_blocks_its_projector(
    stack: Addresses, prometheus: Prometheus
) -> None:
    async with faults.creating(stack, callers=2), faults.blocked_index(stack):
        await fires(prometheus, ("ProjectorBlocked", "search-projector"))


async def test_suspended_view_store_blocks_its_projector_and_makes_events_late(
    stack: Addresses, prometheus: Prometheus
) -> None:
    async with faults.creating(stack, callers=2), faults.frozen("redis"):
        await fires(
            prometheus,
            ("ProjectorBlocked", "redis-projector"),
            ("ProjectorLagGrows", "redis-projector"),
        )
    await fires(
        prometheus,
        ("FreshnessBudgetBurnsFast", "redis-projector"),
        ("FreshnessBudgetBurnsSlowly", "redis-projector"),
    )


async def test_dead_source_fires_an_alert_without_lag(
    stack: Addresses, prometheus: Prometheus
) -> None:
    async with faults.paused_connector(stack):
        await fires(prometheus, ("ConnectorDown", "connector-supervisor"), ("CanaryFails", ""))
        ((lag),) = await prometheus.query("sum(projector_lag_records)")
        assert lag["value"][1] == "0"


async def test_undecodable_record_is_a_dead_letter_of_both_projectors(
    stack: Addresses, prometheus: Prometheus
) -> None:
    async with faults.poison(stack):
        await fires(
            prometheus, ("DeadLetters", "redis-projector"), ("DeadLetters", "search-projector")
        )


async def test_long_pause_fires_an_alert(stack: Addresses, prometheus: Prometheus) -> None:
    async with faults.paused(stack, "redis-projector"):
        await fires(prometheus, ("ProjectorPaused", "redis-projector"))


async def test_failing_connector_is_restarted_and_fires_an_alert(
    stack: Addresses, prometheus: Prometheus, http: ApiClient
) -> None:
    # Gracefully, not by a kill: Debezium's task does not survive a graceful restart.
    os.kill(control.pid_of(NAME, "mysql"), signal.SIGTERM)
    await fires(prometheus, ("ConnectorRestartsOften", "connector-supervisor"))
    await eventually(lambda: created(http), within=30, every=0.5)  # MySQL is available again


async def test_unsafe_mysql_setting_fires_before_anything_is_lost(
    stack: Addresses, prometheus: Prometheus
) -> None:
    async with capture_faults.unsafe_setting(stack, "binlog_row_image", "MINIMAL"):
        await fires(prometheus, ("MySQLSettingUnsafe", "connector-supervisor"))


async def test_ddl_that_debezium_cannot_parse_fires_with_the_statement(
    stack: Addresses, prometheus: Prometheus, http: ApiClient
) -> None:
    async with capture_faults.unparsed_column(stack) as statement:
        await created(http)
        await fires(
            prometheus,
            ("CapturedTableMismatch", "connector-supervisor"),
            ("ConnectorNeedsOperator", "connector-supervisor"),
        )
        text = await prometheus.firing()
        assert statement in text["CapturedTableMismatch", "connector-supervisor"]
        assert "resnapshot" in text["ConnectorNeedsOperator", "connector-supervisor"]


async def test_capture_check_without_login_fires_an_alert(
    stack: Addresses, prometheus: Prometheus
) -> None:
    async with capture_faults.locked_account(stack, "debezium"):
        await fires(prometheus, ("CaptureUnchecked", "connector-supervisor"))


async def test_absent_service_fires_an_alert(stack: Addresses, prometheus: Prometheus) -> None:
    async with faults.stopped("search-api"):
        await fires(prometheus, ("ServiceDown", "search-api"), ("TargetDown", "search-api"))


async def test_repeatedly_exiting_process_fires_an_alert(
    stack: Addresses, prometheus: Prometheus
) -> None:
    for _ in range(3):
        await faults.restart(prometheus, "query-api", signal.SIGKILL)
    await fires(prometheus, ("ProcessRestartsOften", "query-api"))


async def test_all_alerts_resolve_with_their_causes(
    stack: Addresses, prometheus: Prometheus, http: ApiClient
) -> None:
    await silent(prometheus)
    user = await eventually(lambda: created(http))
    await eventually(lambda: visible(http, user))

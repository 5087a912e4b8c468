"""Traces of Connect 4.3.1 and Debezium 3.6.1, and their reported causes."""

from pathlib import Path

import pytest
import yaml

from connector_supervisor.failure_causes import explained
from connector_supervisor.known_failures import KNOWN, Healing

TRACES: dict[str, str] = {
    name: text.replace("    ", "\t")
    for name, text in yaml.safe_load(Path(__file__).with_name("traces.yaml").read_text()).items()
}
RESTARTED = {
    "MySQL unavailable",
    "registry unavailable",
    "Kafka unavailable",
    "binary log purged",
    "table changed during a snapshot",
}


def test_every_known_failure_has_a_trace_here() -> None:
    assert {known.name for known in KNOWN} == set(TRACES)


@pytest.mark.parametrize("name", TRACES)
def test_known_failure_is_a_sentence_without_exception_classes(name: str) -> None:
    cause = explained(TRACES[name])
    assert cause.name == name
    assert "Exception" not in cause.sentence
    assert "io.debezium" not in cause.sentence


@pytest.mark.parametrize("name", TRACES)
def test_only_outages_of_dependencies_are_left_to_restarts(name: str) -> None:
    assert explained(TRACES[name]).needs_operator is (name not in RESTARTED)


def test_sizes_of_row_and_table_are_reported() -> None:
    cause = explained(TRACES["row does not fit table"])
    assert "12 values and the connector knows 11 columns" in cause.sentence
    assert cause.healing is Healing.SNAPSHOT


def test_statement_that_cannot_be_parsed_is_reported() -> None:
    assert "`create table other.w (id INT" in explained(TRACES["unparsed DDL"]).sentence


def test_unknown_failure_names_the_root_cause_without_values_of_rows() -> None:
    cause = explained(
        "ConnectException: it broke\n\tat x\nCaused by: Odd: of 'Ann' in [Ann, Lee] {Ann=1}\n\tat y"
    )
    assert cause.name == "unknown"
    assert cause.sentence.endswith("Odd: of … in … …")
    assert not cause.needs_operator

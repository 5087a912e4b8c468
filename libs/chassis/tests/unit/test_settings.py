"""Settings are read once, validated together, and frozen."""

from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field, ValidationError

from chassis.auth.settings import ApiSettings
from chassis.process import settings
from chassis.process.settings import PublicSettings, ServiceSettings, load, settings_config


class Shop(ServiceSettings):
    model_config = settings_config("SHOP_")

    admin_port: int = 9000
    till: int = Field(description="Number of the till.")
    owner: str = Field(description="Who owns it.")
    MOVED: ClassVar = {"safe": "the bank has BANK_SAFE"}


def test_all_mistakes_are_in_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TILL", "three")
    monkeypatch.setenv("SHOP_TYLL", "3")
    with pytest.raises(SystemExit) as stopped:
        load(Shop)
    message = str(stopped.value)
    assert "SHOP_TILL: " in message
    assert "SHOP_OWNER: Field required" in message
    assert "SHOP_TYLL: no such setting" in message


def test_settings_are_frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TILL", "3")
    monkeypatch.setenv("SHOP_OWNER", "Ann")
    shop = load(Shop)
    with pytest.raises(ValidationError):
        shop.till = 4


def test_a_secret_may_be_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "shop_owner").write_text("Ann\n")
    monkeypatch.setattr(settings, "SECRETS_DIR", tmp_path)
    monkeypatch.setenv("SHOP_TILL", "3")

    class Dockerised(Shop):
        model_config = settings_config("SHOP_")

    assert load(Dockerised).owner == "Ann"


def test_variable_may_name_a_file_with_the_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "owner").write_text("Ann\n")
    monkeypatch.setenv("SHOP_TILL", "3")
    monkeypatch.setenv("SHOP_OWNER_FILE", str(tmp_path / "owner"))
    assert load(Shop).owner == "Ann"


def test_unreadable_or_duplicate_file_is_a_mistake(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "till").write_text("3")
    monkeypatch.setenv("SHOP_OWNER_FILE", str(tmp_path / "nowhere"))
    monkeypatch.setenv("SHOP_TILL_FILE", str(tmp_path / "till"))
    monkeypatch.setenv("SHOP_TILL", "4")
    monkeypatch.setenv("SHOP_KEEPER_FILE", str(tmp_path / "till"))
    with pytest.raises(SystemExit) as stopped:
        load(Shop)
    message = str(stopped.value)
    assert "SHOP_OWNER_FILE: No such file or directory" in message
    assert "SHOP_TILL_FILE: SHOP_TILL is also set" in message
    assert "SHOP_KEEPER_FILE: no such setting" in message


@pytest.mark.parametrize("variable", ["SHOP_SAFE", "SHOP_SAFE_FILE"])
def test_moved_setting_is_rejected_with_its_new_name(
    monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    monkeypatch.setenv(variable, "3")
    with pytest.raises(SystemExit, match=f"{variable}: no such setting; the bank has BANK_SAFE"):
        load(Shop)


class Market(PublicSettings):
    model_config = settings_config("MARKET_")

    admin_port: int = 9000


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "localhost.example", ""])
def test_anonymous_access_beyond_loopback_must_be_allowed(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("MARKET_HOST", host)
    with pytest.raises(SystemExit, match="ALLOW_ANONYMOUS=true"):
        load(Market)
    monkeypatch.setenv("MARKET_ALLOW_ANONYMOUS", "true")
    assert load(Market).host == host


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.1.2.3"])
def test_anonymous_access_on_loopback_is_allowed(
    monkeypatch: pytest.MonkeyPatch, host: str
) -> None:
    monkeypatch.setenv("MARKET_HOST", host)
    assert load(Market).host == host


class Api(ApiSettings):
    model_config = settings_config("API_")

    admin_port: int = 9000
    http_port: int = 3000
    grpc_port: int = 1234


GIVEN = {"JWKS_URL": "https://issuer.test/keys", "JWT_ISSUER": "i", "JWT_AUDIENCE": "a"}


def test_tokens_allow_a_non_loopback_address(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**GIVEN, "HOST": "0.0.0.0"}.items():
        monkeypatch.setenv(f"API_{name}", value)
    assert load(Api).requires_tokens


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"JWT_KEY": "k"}, "JWKS_URL and JWT_KEY are mutually exclusive"),
        ({"JWT_AUDIENCE": ""}, "also require JWT_ISSUER and JWT_AUDIENCE"),
        ({"JWKS_URL": ""}, "require JWKS_URL or JWT_KEY"),
        ({"JWKS_URL": "http://issuer.test/keys"}, "JWKS_URL must use https"),
        ({"JWKS_URL": "", "JWT_KEY": "k"}, "neither a public key as PEM nor a JWK Set"),
    ],
)
def test_incomplete_token_settings_are_a_mistake(
    monkeypatch: pytest.MonkeyPatch, changed: dict[str, str], message: str
) -> None:
    for name, value in (GIVEN | changed).items():
        monkeypatch.setenv(f"API_{name}", value)
    with pytest.raises(SystemExit, match=message):
        load(Api)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"reuse_port": True}, "PROCESSES and REUSE_PORT are mutually exclusive"),
        ({"http_port": 0}, "PROCESSES above 1 requires fixed ports"),
    ],
)
def test_processes_need_ports_of_their_own(given: dict[str, Any], wrong: str) -> None:
    ports: dict[str, Any] = {"admin_port": 1, "http_port": 2, "grpc_port": 3}
    assert Api(**ports, processes=2).process_count == 2
    assert Api(**ports, processes=0).process_count >= 1
    with pytest.raises(ValidationError, match=wrong):
        Api(**ports | given, processes=2)


def test_several_processes_need_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    ports: dict[str, Any] = {"admin_port": 1, "http_port": 2, "grpc_port": 3}
    monkeypatch.setattr("sys.platform", "darwin")
    assert Api(**ports, processes=0).process_count == 1
    with pytest.raises(ValidationError, match="PROCESSES above 1 requires Linux"):
        Api(**ports, processes=2)


def test_processes_divide_the_memory_of_clients() -> None:
    ports: dict[str, Any] = {"admin_port": 1, "http_port": 2, "grpc_port": 3}
    assert Api(**ports, processes=4, max_client_memory=8_000_000).limits.client_memory == 2_000_000

"""Settings are read once, checked all together, and then stand still."""

from pathlib import Path

import pytest
from pydantic import Field, ValidationError

from chassis import settings
from chassis.settings import ServiceSettings, load, settings_config


class Shop(ServiceSettings):
    model_config = settings_config("SHOP_")

    admin_port: int = 9000
    till: int = Field(description="Number of the till.")
    owner: str = Field(description="Who owns it.")


def test_every_mistake_is_told_in_one_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TILL", "three")
    monkeypatch.setenv("SHOP_TYLL", "3")
    with pytest.raises(SystemExit) as stopped:
        load(Shop)
    told = str(stopped.value)
    assert "SHOP_TILL: " in told
    assert "SHOP_OWNER: Field required" in told
    assert "SHOP_TYLL: no such setting" in told


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

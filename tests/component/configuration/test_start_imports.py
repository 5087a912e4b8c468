"""What a program imports before it serves: nothing for what is not configured."""

import subprocess
import sys

import pytest

from local_stack.addresses import SERVICES

EXPORT = ("opentelemetry.exporter", "opentelemetry.sdk.trace")
TOKENS = ("jwt",)
WITHOUT = dict.fromkeys(SERVICES, (*EXPORT, *TOKENS))


def imported(service: str) -> list[str]:
    code = f"import sys, {service.replace('-', '_')}.wiring; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    return done.stdout.split()


@pytest.mark.parametrize("service", WITHOUT)
def test_start_imports_neither_exporter_nor_token_libraries(service: str) -> None:
    modules = imported(service)
    for name in WITHOUT[service]:
        assert not [one for one in modules if f"{one}.".startswith(f"{name}.")], name

"""Commands on pages, checked without running them; tests/system/pages runs them."""

import re

from tests.support.docs.page import ROOT, texts

MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
COMMAND = r"(?:make|curl|grpcurl|docker|kubectl|\.venv/bin/\S+) "


def test_commands_are_in_marked_blocks() -> None:
    for name, text in texts().items():
        unmarked = re.findall(rf"^```\n{COMMAND}.*", text, re.MULTILINE)
        assert not unmarked, name


def test_every_documented_make_target_exists() -> None:
    for name, text in texts().items():
        named = set(re.findall(r"`make ([a-z-]+)[^`]*`", text)) - TARGETS
        assert not named, name


def test_every_documented_make_variable_exists() -> None:
    for name, text in texts().items():
        for words in re.findall(r"`make [^`]*`", text):
            for variable in re.findall(r"\b([A-Z_]+)=", words):
                assert f"$({variable})" in MAKEFILE, (name, words)

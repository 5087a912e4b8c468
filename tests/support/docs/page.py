"""A page whose commands can be run: ```sh blocks, and their output in ```text blocks."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """Commands, and their documented output; `…` stands for anything."""

    commands: str
    printed: str

    def is_answered_by(self, output: str) -> bool:
        """Return whether the output has the words of the page in their order."""
        parts = [r"\s*".join(map(re.escape, part.split())) for part in self.printed.split("…")]
        return re.search(".*?".join(parts), output, re.DOTALL) is not None

    @property
    def only_reads(self) -> bool:
        """Return whether it can be repeated until a view has caught up."""
        return re.search(r"curl.*(-d|-X)|\bmake\b|pytest", self.commands, re.DOTALL) is None


def steps(page: str) -> list[Step]:
    return [Step(commands, printed or "") for commands, printed in BLOCK.findall(page)]


def texts() -> dict[str, str]:
    """Return every page of the repository."""
    listed = subprocess.check_output(["git", "ls-files", "*.md"], cwd=ROOT, text=True).split()
    return {name: (ROOT / name).read_text("utf-8") for name in listed}


def pages() -> dict[str, str]:
    """Return the pages with commands."""
    return {name: text for name, text in texts().items() if steps(text) or looked_up(text)}


def looked_up(page: str) -> list[Step]:
    """Return the commands in the second column of a page's tables."""
    found = re.findall(r"^\|[^|]+\| `((?:make|curl|\.venv/bin/)[^`]+)`", page, re.MULTILINE)
    return [Step(command, "") for command in found]


def lines(step: Step) -> list[str]:
    """Return the commands of a step one by one, without comments."""
    whole = re.sub(r"\\\n\s*", "", step.commands)
    return [re.sub(r"\s+#.*", "", line) for line in whole.splitlines() if line.strip()]

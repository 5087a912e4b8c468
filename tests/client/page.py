"""A page whose commands can be run: what is in ```sh, and in ```text what comes out."""

import re
from dataclasses import dataclass

BLOCK = re.compile(r"^```sh\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Step:
    """Commands, and what the page says they print; `…` stands for anything."""

    commands: str
    printed: str

    def is_answered_by(self, output: str) -> bool:
        """Whether the words of the page are in the output, in their order."""
        parts = [r"\s*".join(map(re.escape, part.split())) for part in self.printed.split("…")]
        return re.search(".*?".join(parts), output, re.DOTALL) is not None

    @property
    def only_reads(self) -> bool:
        """Whether it may be asked again until a view has caught up."""
        return re.search(r"curl.*(-d|-X)|\bmake\b|pytest", self.commands, re.DOTALL) is None


def steps(page: str) -> list[Step]:
    return [Step(commands, printed or "") for commands, printed in BLOCK.findall(page)]

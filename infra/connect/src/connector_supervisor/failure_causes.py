"""Mapping of Kafka Connect's traces to causes and remedies."""

import re
from dataclasses import dataclass

from connector_supervisor.known_failures import KNOWN, Healing


@dataclass(frozen=True, slots=True)
class Cause:
    """A failure's cause; name: constant, for metrics; sentence: what happened and what to do."""

    name: str
    sentence: str
    healing: Healing

    @property
    def needs_operator(self) -> bool:
        return self.healing is not Healing.RESTART


UNKNOWN = "unknown"
PATTERNS = [(known, re.compile(known.pattern)) for known in KNOWN]
VALUES = re.compile(r"\[[^\]]*\]|\{[^}]*\}|'[^']*'|\"[^\"]*\"")
LONGEST = 300  # characters of an unknown cause


def explained(trace: str) -> Cause:
    """Return the cause that a trace, or a message of Connect, names; never a value of a row."""
    messages = "\n".join(line for line in trace.splitlines() if not line.startswith("\t"))
    for known, pattern in PATTERNS:
        if found := pattern.search(messages):
            groups = [group or "unknown" for group in found.groups()]
            return Cause(known.name, known.sentence.format(*groups), known.healing)
    return Cause(UNKNOWN, f"of an error that is not in the runbook: {root(trace)}", Healing.RESTART)


def root(trace: str) -> str:
    """Return the root exception's first line, without quoted parts: they may be row values."""
    lines = trace.splitlines()
    causes = [line for line in lines if line.startswith("Caused by: ")]
    line = [*lines[:1], *causes][-1] if lines else ""
    return VALUES.sub("…", line.removeprefix("Caused by: "))[:LONGEST]

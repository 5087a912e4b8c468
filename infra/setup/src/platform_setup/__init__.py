"""One-shot jobs that make fresh servers ready for the services; each may run again at any time."""

from pathlib import Path

INFRA = Path(__file__).resolve().parents[3]
"""Where the files lie that the jobs read, in a clone; elsewhere each job's FILE setting says."""


class SetupError(Exception):
    """The job cannot be done; the message says why, and what to do about it."""

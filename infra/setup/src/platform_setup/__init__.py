"""One-shot jobs that set up fresh servers for the services; each may be run repeatedly."""

from pathlib import Path

INFRA = Path(__file__).resolve().parents[3]
"""Folder of the jobs' input files in a clone; elsewhere each job's FILE setting names its file."""


class SetupError(Exception):
    """A job failed; the message gives the reason and the remedy."""


class ServerUnavailable(SetupError):
    """A server did not respond, or rejected a call. It may accept the call once it is set up."""

"""Refusals of commands, and which of them are stored as results of idempotency keys."""

from chassis.problems import Invalid, Kind, NotFound, Problem
from eventstore.ports import Refusal


class StaleVersion(Problem):
    """The aggregate is not at the version that the client expects."""

    kind = Kind.STALE_VERSION


class KeyReused(Problem):
    """The idempotency key was already used for a different request."""

    kind = Kind.IDEMPOTENCY_KEY_REUSED


FINAL = (Invalid, NotFound, StaleVersion)
"""Refusals that are stored as results. After any other (a lost race, an unavailable dependency, a
rate limit) a retry may succeed."""
BY_KIND: dict[str, type[Problem]] = {problem.kind: problem for problem in FINAL}


def refusal_of(problem: Problem) -> Refusal:
    """Return the problem in its stored form."""
    return Refusal(problem.kind, problem.detail, problem.errors)


def problem_of(refusal: Refusal) -> Problem:
    """Return the problem of a stored refusal; raises KeyError unless it is FINAL."""
    return BY_KIND[refusal.kind](refusal.detail, refusal.errors)

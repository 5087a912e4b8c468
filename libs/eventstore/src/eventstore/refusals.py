"""How a command is refused, and which refusals are the first result for its idempotency key."""

from chassis.problems import Invalid, Kind, NotFound, Problem
from eventstore.ports import Refusal


class StaleVersion(Problem):
    """The aggregate is not at the version that the caller expects."""

    kind = Kind.STALE_VERSION


class KeyReused(Problem):
    """The idempotency key came with another request before."""

    kind = Kind.IDEMPOTENCY_KEY_REUSED


FINAL = (Invalid, NotFound, StaleVersion)
"""Refusals that are first results. Any other (a lost race, a dependency that is unavailable, a rate
limit) may end otherwise when the request comes again."""
BY_KIND: dict[str, type[Problem]] = {problem.kind: problem for problem in FINAL}


def refusal_of(problem: Problem) -> Refusal:
    """The problem as it is kept."""
    return Refusal(problem.kind, problem.detail, problem.errors)


def problem_of(refusal: Refusal) -> Problem:
    """The problem that was kept; what is not FINAL is none, and raises KeyError."""
    return BY_KIND[refusal.kind](refusal.detail, refusal.errors)

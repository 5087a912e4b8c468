"""The composition root: the only place that connects to the event store."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from projections.cli.verify import VerifiedView
from projections.verification import mysql_source
from projections.verification.drift import Compared
from view_verifier.settings import Settings
from view_verifier.stores import KnownView


@asynccontextmanager
async def wire(known: KnownView, settings: Settings) -> AsyncIterator[VerifiedView]:
    """Return the view over its store, with the event store beside it."""
    async with known.store(settings) as store:

        @asynccontextmanager
        async def compared(generation: str) -> AsyncIterator[Compared[Any]]:
            async with mysql_source.opened(settings, known.table) as event_source:
                yield Compared(event_source, known.project, store.audit(generation))

        yield VerifiedView(known.plural, store.generations, compared)

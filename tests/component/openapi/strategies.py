"""Strategies for Schemathesis: validity that a schema cannot express."""

from typing import Any

import schemathesis
from hypothesis import strategies as st

from chassis.text.rules import OF_FORBIDDEN, mistake_in, normalized
from command_api.user import LONGEST

LENGTH = min(LONGEST.values())
# JSON Schema's portable patterns cannot express which characters are visible.
characters = st.characters().filter(lambda char: not OF_FORBIDDEN.match(char))
names = st.text(characters, min_size=1, max_size=LENGTH).filter(
    lambda name: mistake_in(normalized(name), LENGTH) is None
)
schemathesis.openapi.format("name", names)

# Other valid cursors come only from earlier responses; test_life.py follows those.
schemathesis.openapi.format("cursor", st.just(""))


@schemathesis.hook
def map_query(
    context: schemathesis.HookContext, query: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Remove min_version, unless examples, coverage or a link provide a valid one.

    A version that the view never reaches would be waited for, two seconds each time.
    """
    version = query.get("min_version") if query else None
    if query is None or not isinstance(version, int) or version < 1:
        return query
    return {name: query[name] for name in query if name != "min_version"}

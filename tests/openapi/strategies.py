"""For Schemathesis: what is valid by more than a schema can say."""

import unicodedata
from typing import Any

import schemathesis
from hypothesis import strategies as st

from command_api.user import FORBIDDEN, LONGEST

# JSON Schema's portable patterns cannot tell which code points Unicode has not assigned.
characters = st.characters().filter(lambda char: unicodedata.category(char) not in FORBIDDEN)
names = st.text(characters, min_size=1, max_size=min(LONGEST.values())).filter(str.strip)
schemathesis.openapi.format("name", names)

# Only an earlier answer knows another cursor that is right; test_life.py follows those.
schemathesis.openapi.format("cursor", st.just(""))


@schemathesis.hook
def map_query(
    context: schemathesis.HookContext, query: dict[str, Any] | None
) -> dict[str, Any] | None:
    """Without a good min_version, unless examples, coverage or a link give one.

    A version that the view never reaches would be waited for, two seconds each.
    """
    version = query.get("min_version") if query else None
    if query is None or not isinstance(version, int) or version < 1:
        return query
    return {name: query[name] for name in query if name != "min_version"}

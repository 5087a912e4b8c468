"""The search of 0.1.0, for an index that it made and that is not rebuilt yet."""

from projections.opensearch.tiers import Tier


def tiers(text: str) -> list[Tier]:
    """What finds the text in an index of 0.1.0.

    A rebuilt one has no such field, and for it these clauses match nothing at once.
    """
    every = {"query": text, "operator": "and"}
    beginnings = [f"full_name.beginnings{part}" for part in ("", "._2gram", "._3gram")]
    near = {"fuzziness": "AUTO:4,8", "prefix_length": 1, "max_expansions": 20}
    return [
        Tier(8, {"match": {"full_name": every}}, 0, 0),
        Tier(4, {"multi_match": {"fields": beginnings, "type": "bool_prefix"} | every}, 0, 0),
        Tier(2, {"match": {"full_name.parts": every}}, 0, 0),
        Tier(1, {"match": {"full_name": every | near}}, 0, 0),
    ]

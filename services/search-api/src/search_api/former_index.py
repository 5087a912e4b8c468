"""The search of 0.1.0, for an index that it made and that is not rebuilt yet."""

from projections.opensearch.text_query import Clause, constant


def clauses(text: str) -> list[Clause]:
    """What finds the text in an index of 0.1.0.

    A rebuilt one has no such field, and for it these clauses match nothing at once.
    """
    every = {"query": text, "operator": "and"}
    beginnings = [f"full_name.beginnings{part}" for part in ("", "._2gram", "._3gram")]
    near = {"fuzziness": "AUTO:4,8", "prefix_length": 1, "max_expansions": 20}
    return [
        constant({"match": {"full_name": every}}, 8),
        constant({"multi_match": {"fields": beginnings, "type": "bool_prefix"} | every}, 4),
        constant({"match": {"full_name.parts": every}}, 2),
        constant({"match": {"full_name": every | near}}, 1),
    ]

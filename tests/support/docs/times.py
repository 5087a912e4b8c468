"""Duration of each step, for the report at the end of the run."""

TIMES: list[str] = []

"""What each step took, for the report at the end of the run."""

TIMES: list[str] = []

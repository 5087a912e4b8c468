"""Load, attacks and measurements: each module is a program, run with `python -m loadtest.NAME`."""

"""Which errors of a dependency are transient; one module per driver, and what follows from it.

docs/store-errors.md has the whole table with its reasons.
"""

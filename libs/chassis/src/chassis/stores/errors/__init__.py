"""Classification of driver errors as transient or permanent; one module per driver.

docs/store-errors.md has the whole table with its reasons.
"""

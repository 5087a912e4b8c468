"""The ledger of what clients saw, and the oracle that judges by it."""

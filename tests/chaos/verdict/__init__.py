"""The ledger of the responses that clients received, and the oracle that verifies them."""

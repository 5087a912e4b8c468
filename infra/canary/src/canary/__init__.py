"""Synthetic probe: create a user periodically and measure the delay of both views."""

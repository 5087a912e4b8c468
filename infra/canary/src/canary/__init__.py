"""Writes a user now and then, and measures how long both views take to show it."""

"""Batching of concurrent reads and writes into fewer round trips."""

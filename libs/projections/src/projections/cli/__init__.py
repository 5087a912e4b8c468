"""Operator commands of a projector."""

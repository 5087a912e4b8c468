"""A projector's commands for operators."""

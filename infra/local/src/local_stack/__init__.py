"""The real servers and the five services as plain processes on this machine."""


class StackError(Exception):
    """The stack cannot do what was asked; the message says which part, and what to do."""

"""The real servers and the five services as plain processes on this machine."""


class StackError(Exception):
    """An operation on the stack failed; the message names the part and the remedy."""

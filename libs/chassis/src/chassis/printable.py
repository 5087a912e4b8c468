"""Untrusted text for an operator's terminal, with unprintable characters escaped.

A record's key, value or headers may contain control sequences that move the cursor, or lines that
imitate our output (CWE-150, CWE-117).
"""


def printable(text: str) -> str:
    r"""Return the text on one line; control and bidirectional characters become \x1b or \u202e."""
    return "".join(char if char.isprintable() and char != "\\" else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    return char.encode("unicode_escape").decode()

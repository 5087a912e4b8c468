"""Text of unknown origin for an operator's terminal: what is not printable is escaped.

A record's key, value or headers may hold control sequences, which move the cursor, or lines that
look like ours (CWE-150, CWE-117).
"""


def printable(text: str) -> str:
    r"""The text on one line; control characters and directions of writing as \x1b or \u202e."""
    return "".join(
        letter if letter.isprintable() and letter != "\\" else _escaped(letter) for letter in text
    )


def _escaped(letter: str) -> str:
    return letter.encode("unicode_escape").decode()

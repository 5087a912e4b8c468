"""Validation and normalization of text such as a name, independent of the Python version.

`unicodedata` has the Unicode version of its interpreter and treats every later character as
unassigned. So each character set is a literal table here, from Unicode 18.0, and an unassigned code
point is a character like any other. Only NFC comes from the interpreter: it never changes for an
assigned character (UAX #15, section 3, "stability") and leaves an unassigned one unchanged. So it
affects how a newer character is stored, never whether it is accepted.
"""

import re
import unicodedata

from chassis.text import marks

# White_Space of Unicode's PropList.txt, and the four separators U+001C to U+001F.
SPACES = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007"
    "\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
# Controls (Cc), surrogates (Cs), line and paragraph separators (Zl, Zp), and the noncharacters of
# the Unicode Standard, section 23.7: U+FDD0 to U+FDEF, and the last two code points of each plane.
FORBIDDEN = "\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt: joiners, fillers, variation
# selectors, tags, bidirectional controls. They are parts of emoji and of several scripts.
IGNORABLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff"
)
# Blank glyphs and format controls that are not default ignorable: braille, interlinear annotation,
# Egyptian hieroglyphs, a notehead.
BLANK = "\u2800\ufff9-\ufffb\U00013430-\U0001343f\U00013441\U00013442\U0001d159"
MARKS = "".join(
    "-".join(chr(int(end, 16)) for end in part.split("-")) for part in marks.RANGES.split()
)

OF_FORBIDDEN = re.compile(f"[{FORBIDDEN}]")
OF_VISIBLE = re.compile(f"[^{SPACES}{IGNORABLE}{BLANK}{MARKS}]")
OF_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069]")
POP_EMBEDDING, POP_ISOLATE = "\u202c", "\u2069"
CLOSED_BY = dict.fromkeys("\u202a\u202b\u202d\u202e", POP_EMBEDDING)
CLOSED_BY |= dict.fromkeys("\u2066\u2067\u2068", POP_ISOLATE)


def normalized(text: str) -> str:
    """Return the text as stored: NFC, without white space at either end."""
    return unicodedata.normalize("NFC", text).strip(SPACES)


def mistake_in(text: str, longest: int) -> str | None:
    """Return what is wrong with a normalized text, for the client; None if it is valid.

    longest: maximum number of code points, as MySQL's VARCHAR counts them.
    """
    if not text:
        return "must not be empty"
    if len(text) > longest:
        return f"must have at most {longest} characters"
    if text.isascii() and text.isprintable() and not text.isspace():
        return None  # the same answer as of the patterns, in a tenth of the time
    return _mistake_in_characters(text)


def _mistake_in_characters(text: str) -> str | None:
    if OF_FORBIDDEN.search(text):
        return "must not contain control characters, line separators or noncharacters"
    if not OF_VISIBLE.search(text):
        return "must contain a visible character"
    if not _closes_what_it_opens(text):
        return "must close each bidirectional embedding, override and isolate that it opens"
    return None


def _closes_what_it_opens(text: str) -> bool:
    """Whether the explicit bidirectional controls are balanced (UAX #9, section 2).

    An unclosed one would reverse whatever is displayed after the text; a surplus closing one would
    end the isolate that a page puts around it.
    """
    opened: list[str] = []
    for control in OF_BIDI.findall(text):
        if closed_by := CLOSED_BY.get(control):
            opened.append(closed_by)
        elif not opened or opened.pop() != control:
            return False
    return not opened

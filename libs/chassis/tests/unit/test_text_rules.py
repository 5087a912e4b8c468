"""Accepted and rejected texts, independent of the Python version."""

import unicodedata
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.text import marks, rules
from chassis.text.rules import mistake_in, normalized

ACCEPTED = {
    "latin": "Zoë",
    "decomposed": "Zoe\u0308",
    "cjk": "李小龍",
    "one letter": "Ø",
    "apostrophe": "O'Brien",
    "arabic with a mark": "مُحَمَّد",
    "arabic letter mark": "\u061cمحمد",
    "arabic number sign": "\u06001",
    "persian with a non-joiner": "علی\u200cرضا",
    "devanagari with a joiner": "क्\u200dष",
    "sinhala with a joiner": "ශ්\u200dරී",
    "khmer": "ស្រី",
    "mongolian with a variation selector": "ᠰ\u180bᠠ",
    "hangul with a filler": "ᄀ\u1160",
    "soft hyphen": "Anne\u00adMarie",
    "emoji": "😀",
    "emoji with joiners": "👩\u200d👩\u200d👧",
    "emoji with a variation selector": "❤\ufe0f",
    "flag of tags": "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
    "ideographic variation": "葛\U000e0100",
    "assigned in Unicode 15": "\U00031350",
    "assigned in Unicode 16": "\U0001fabf\U0001fae9",
    "assigned in no Unicode": "\u0378\U000e1000",
    "private use": "\ue000\U0010fffd",
    "replacement character": "\ufffd",
    "braille": "\u2801\u2800\u2801",
    "combining marks on a letter": "Z\u0351\u036b\u0343",
    "balanced embedding": "\u202bمحمد\u202c",
    "balanced isolates": "\u2067محمد \u2068Ann\u2069\u2069",
    "right-to-left mark": "محمد\u200f",
    "a hundred astral letters": "😀" * 100,
}
INVISIBLE = {
    "zero width space": "\u200b",
    "zero width joiners": "\u200c\u200d",
    "directional marks": "\u200e\u200f\u061c",
    "word joiner": "\u2060",
    "invisible operators": "\u2061\u2062\u2063\u2064",
    "unassigned ignorable": "\u2065\ufff0\U000e0fff",
    "deprecated format": "\u206a\u206f",
    "byte order mark": "\ufeff",
    "hangul filler": "\u3164",
    "hangul fillers": "\u115f\u1160",
    "halfwidth hangul filler": "\uffa0",
    "braille blank": "\u2800",
    "soft hyphen": "\u00ad",
    "grapheme joiner": "\u034f",
    "mongolian vowel separator": "\u180e",
    "mongolian selectors": "\u180b\u180f",
    "khmer inherent vowels": "\u17b4\u17b5",
    "variation selectors": "\ufe00\ufe0f\U000e0100",
    "tags": "\U000e0001\U000e0041\U000e007f",
    "shorthand controls": "\U0001bca0",
    "musical controls": "\U0001d173\U0001d17a",
    "null notehead": "\U0001d159",
    "interlinear annotation": "\ufff9\ufffa\ufffb",
    "hieroglyph controls and blanks": "\U00013430\U00013441",
    "acute accent": "\u0301",
    "enclosing circle": "\u20dd",
    "spacing mark": "\u0903",
    "mark assigned in Unicode 15": "\U0001cf00",
    "mark assigned in Unicode 16": "\u0897",
    "mark on a no-break space": "\u200b\u00a0\u0301",
    "blanks between spaces": "\u200b \u3000\u2800",
    "balanced override": "\u202e\u202c",
}
EMPTY = {f"U+{ord(space):04X}": space for space in rules.SPACES}
FORBIDDEN = {
    "null": "a\x00b",
    "line feed": "a\nb",
    "escape": "a\x1b[31mb",
    "delete": "a\x7fb",
    "next line": "a\x85b",
    "line separator": "a\u2028b",
    "paragraph separator": "a\u2029b",
    "lone surrogate": "\ud800",
    "first noncharacter": "a\ufdd0",
    "last of the block": "a\ufdef",
    "reversed byte order mark": "a\ufffe",
    "last of plane 0": "a\uffff",
    "last of plane 1": "a\U0001ffff",
    "of plane 14": "a\U000efffe",
    "last code point": "a\U0010ffff",
}
UNPAIRED = {
    "open override": "a\u202e",
    "open embedding": "\u202ba\u202a\u202c",
    "open isolate": "\u2068a",
    "closed too often": "a\u2069",
    "pop without a push": "a\u202cb",
    "closed by the other": "\u202ea\u2069",
    "crossed": "\u2067\u202aa\u2069\u202c",
}


def each(table: dict[str, str]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("text", table.values(), ids=table.keys())


@pytest.fixture(params=["this Python", "Unicode 3.2"], autouse=True)
def _unicode(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run each test again as if this Python knew only Unicode 3.2."""
    if request.param == "Unicode 3.2":
        old = unicodedata.ucd_3_2_0
        assert old.category("\U00031350") == old.category("\u0897") == "Cn"
        known = SimpleNamespace(normalize=old.normalize, category=old.category)
        monkeypatch.setattr(rules, "unicodedata", known)


@each(ACCEPTED)
def test_text_with_a_visible_character_is_accepted(text: str) -> None:
    assert mistake_in(normalized(text), 100) is None


@each(INVISIBLE)
def test_invisible_text_is_rejected(text: str) -> None:
    assert mistake_in(normalized(text), 100) == "must contain a visible character"


@each(EMPTY)
def test_white_space_is_trimmed_and_alone_is_empty(text: str) -> None:
    assert normalized(f"{text}a{text}") == "a"
    assert mistake_in(normalized(text), 100) == "must not be empty"


@each(FORBIDDEN)
def test_text_with_a_forbidden_code_point_is_refused(text: str) -> None:
    mistake = mistake_in(normalized(text), 100)
    assert mistake == "must not contain control characters, line separators or noncharacters"


@each(UNPAIRED)
def test_text_with_an_unpaired_bidirectional_control_is_refused(text: str) -> None:
    mistake = mistake_in(normalized(text), 100)
    assert mistake is not None
    assert mistake.startswith("must close each bidirectional embedding")


def test_length_is_counted_in_code_points_after_normalization() -> None:
    assert mistake_in(normalized("e\u0301" * 100), 100) is None
    assert mistake_in(normalized("e" * 101), 100) == "must have at most 100 characters"


def test_marks_are_those_of_unicode() -> None:
    """The table and this Python agree about every character that this Python knows."""
    ours = {point for first, last in mark_ranges() for point in range(first, last + 1)}
    known = [point for point in range(0x110000) if unicodedata.category(chr(point)) != "Cn"]
    theirs = {point for point in known if unicodedata.category(chr(point)).startswith("M")}
    assert ours.intersection(known) == theirs


def mark_ranges() -> list[tuple[int, int]]:
    parts = [part.split("-") for part in marks.RANGES.split()]
    return [(int(part[0], 16), int(part[-1], 16)) for part in parts]


@given(st.text(st.characters(max_codepoint=0x7F), min_size=1, max_size=5))
def test_ascii_is_judged_as_any_other_text(text: str) -> None:
    assert rules.mistake_in(text, 5) == rules._mistake_in_characters(text)

"""Folding for search: one case for each rule of schemas/views/opensearch-users.md."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chassis.text.folding import MAX_WORD, searchable, words

SAME = [
    ("Łukasz Ørsted Đặng", "lukasz orsted dang"),
    ("ÆSIR Œuvre Þór ĦAL", "aesir oeuvre thor hal"),
    ("Straße GROẞ", "STRASSE gross"),
    ("İstanbul ISTANBUL ıstanbul", "istanbul istanbul istanbul"),
    ("Παπάς ΠΑΠΑΣ", "παπασ παπασ"),
    ("Ёлка Їжак Ґалаґан Әлия", "елка іжак галаган алия"),
    ("أحمد إسراء آمنة ٱلله", "احمد اسراء امنه الله"),
    ("مُحَمَّد مـحـمـد", "محمد محمد"),
    ("علی کریم یحیی ہما", "علي كريم يحيي هما"),
    ("שָׁלוֹם מלך", "שלומ מלכ"),
    ("Սևակ", "ՍԵՒԱԿ"),
    ("ᲨᲝᲗᲐ", "შოთა"),
    ("क़ुरैशी चाँद", "कुरैशी चांद"),
    ("സത്യൻ", "സത്യന്"),
    ("สมชาย น้ำ", "สมชาย นํา"),
    ("ﾊﾅｺ ハナコ", "はなこ はなこ"),
    ("\u1100\u1175\u11b7", "김"),
    ("髙橋 葛\U000e0100飾", "高橋 葛飾"),
    ("Ｊｏｈｎ ﬁn Ⅳ", "john fin iv"),
    ("٤٢ ४२ 42", "42 42 42"),
    ("O'Neil O’Neil O´Neil Kaʻi", "oneil oneil oneil kai"),
    ("Jean-Luc Al‐Rahman a_b·c・d", "jean luc al rahman a b c d"),
    ("zero\u200bwidth soft\u00adhyphen", "zerowidth softhyphen"),
    ("👋🏽 ❤️", "👋 ❤"),
]
DIFFERENT = [
    ("ババ", "ハハ"),  # voicing makes another syllable
    ("किरण", "करण"),  # vowel signs are letters
    ("มานี", "มาน"),
    ("김", "기"),
    ("李", "季"),
    ("Muller", "Mueller"),  # two spellings: a typing error apart
]


@pytest.mark.parametrize(("text", "same"), SAME)
def test_variants_of_a_letter_are_folded_to_one(text: str, same: str) -> None:
    assert words(text) == words(same)


@pytest.mark.parametrize(("text", "other"), DIFFERENT)
def test_letters_distinct_to_readers_stay_distinct(text: str, other: str) -> None:
    assert words(text) != words(other)


@pytest.mark.parametrize("text", ["", " ", "'", "-", "…?!", "\u200b\u0301"])
def test_a_text_without_letters_has_no_words(text: str) -> None:
    assert words(text) == []
    assert searchable(text, text) == {"words": "", "joined": []}


@given(st.text(max_size=100))
def test_folding_is_idempotent(text: str) -> None:
    folded = words(text)
    assert words(" ".join(folded)) == folded


@given(st.text(max_size=100))
def test_composed_and_decomposed_text_fold_alike(text: str) -> None:
    for form in ("NFC", "NFD"):
        assert words(unicodedata.normalize(form, text)) == words(text)


@given(st.text(max_size=50), st.text(max_size=50))
def test_words_are_what_a_whitespace_tokenizer_gives(first: str, last: str) -> None:
    folded = searchable(first, last)
    assert folded["words"].split(" ") == (words(first) + words(last) or [""])
    assert all(0 < len(word) <= MAX_WORD for word in [*folded["words"].split(), *folded["joined"]])


def test_unassigned_code_point_is_a_letter() -> None:
    assert words("a\U000323b0") == ["a\U000323b0"]


def test_names_are_joined_in_both_orders() -> None:
    assert searchable("Jean-Luc", "Picard") == {
        "words": "jean luc picard",
        "joined": ["jeanluc", "picard", "jeanlucpicard", "picardjeanluc"],
    }

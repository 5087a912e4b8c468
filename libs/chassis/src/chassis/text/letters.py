"""Tables of folding.py: letters that NFKD does not decompose, and marks that search ignores.

Literal tables, so that interpreters with different Unicode versions fold a name the same way.
"""

# Letters that NFKD does not decompose, by the letter they fold to, after lower-casing.
LETTERS = {
    # Latin: strokes, hooks, ligatures (as Lucene's ASCIIFoldingFilter, but for the schwa)
    "a": "ɐɑ", "ae": "æ", "b": "ƀɓ", "c": "ƈȼ", "d": "đðɖɗ", "e": "əǝɛɇ", "f": "ƒ", "g": "ɠǥɡ",
    "h": "ħɦ", "i": "ıɨɩ", "j": "ȷɟɉ", "k": "ƙĸ", "l": "łƚɫɬ", "m": "ɱ", "n": "ŋɲƞ", "o": "øɔɵ",
    "oe": "œ", "p": "ƥᵽ", "r": "ɍɽ", "s": "ʂ", "ss": "ß", "t": "ŧƭʈ", "th": "þ", "u": "ʉ",
    "v": "ʋ", "y": "ƴɏ", "z": "ƶʒȥ",
    # Cyrillic: descenders and strokes; ё, й, ї, ў decompose
    "а": "ә", "г": "ґғҕ", "ж": "җ", "з": "ҙ", "к": "қҝҟҡӄ", "н": "ңҥӈ", "о": "ө", "с": "ҫ",
    "т": "ҭ", "у": "үұ", "х": "һҳ", "ч": "ҷҹӌ",
    # Hebrew: final letters, Yiddish ligatures
    "\u05db": "\u05da", "\u05de": "\u05dd", "\u05e0": "\u05df", "\u05e4": "\u05e3",
    "\u05e6": "\u05e5", "\u05d5\u05d5": "\u05f0", "\u05d5\u05d9": "\u05f1",
    "\u05d9\u05d9": "\u05f2",
    # Arabic: alef wasla; alef maqsura and the yehs of Farsi, Urdu and Kurdish; teh marbuta and
    # the hehs; keheh; noon ghunna; Kurdish reh, lam and waw. Alef with hamza decomposes
    "\u0627": "\u0671", "\u064a": "\u0649\u06cc\u06ce\u06d2",
    "\u0647": "\u0629\u06c1\u06c3\u06be\u06d5", "\u0643": "\u06a9\u06aa", "\u0646": "\u06ba",
    "\u0631": "\u0695", "\u0644": "\u06b5", "\u0648": "\u06c6",
    # Indic: candrabindu and tippi are written as anusvara as well; chillus and khanda ta
    "\u0902": "\u0901", "\u0982": "\u0981", "\u0a02": "\u0a01\u0a70", "\u0a82": "\u0a81",
    "\u0b02": "\u0b01", "\u0c02": "\u0c00\u0c01", "\u0c82": "\u0c81",
    "\u0d23\u0d4d": "\u0d7a", "\u0d28\u0d4d": "\u0d7b", "\u0d30\u0d4d": "\u0d7c",
    "\u0d32\u0d4d": "\u0d7d", "\u0d33\u0d4d": "\u0d7e", "\u0d15\u0d4d": "\u0d7f",
    "\u09a4\u09cd": "\u09ce",
    # Han: glyph variants that Unicode counts as letters of their own
    "高": "髙", "崎": "﨑", "吉": "𠮷",
}  # fmt: skip
# Written between letters of one word, or omitted: O'Neil.
APOSTROPHES = "'`´’‘‛′\u02b9-\u02c1\u02c8\u02ee\u05f3\u05f4\ua78b\ua78c"
# Ignored marks and signs, as ranges. Others are kept: the vowel signs of Indic scripts, of Thai and
# of Thaana, viramas, and the voicing marks of kana are letters to their readers.
IGNORED = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0000-\U000e0fff"  # invisible
    "\U0001f3fb-\U0001f3ff"  # skin tones
    "\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"  # accents
    "\u0483-\u0489\u2de0-\u2dff\ua66f-\ua672\ua674-\ua67d\ua69e\ua69f"  # Cyrillic
    "\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\ufb1e"  # Hebrew: niqqud
    "\u0610-\u061a\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8\u06ea-\u06ed"
    "\u08ca-\u08e1\u08e3-\u08ff"  # Arabic: harakat, hamza on a letter, tatweel
    "\u0711\u0730-\u074a\u07eb-\u07f3\u07fd\u0816-\u0819\u081b-\u0823"  # Syriac, N'Ko, Samaritan
    "\u093c\u09bc\u0a3c\u0abc\u0b3c\u0c3c\u0cbc\u0951-\u0954\u1cd0-\u1ce8"  # Indic: nukta, accents
    "\u0e48-\u0e4c\u0ec8-\u0ecc"  # Thai, Lao: tones
    "\u135d-\u135f\u2cef-\u2cf1\U0001e944-\U0001e94a\U00010d24-\U00010d27"  # Ethiopic … Rohingya
)
# Characters that are a syllable, a word or a picture each: a single one is enough to search for
# anywhere in a name. Kana, Hangul, pictures, Han.
SYLLABLES = "\u3041-\u30ff\uac00-\ud7a3\u2600-\u27bf\U0001f000-\U0001faff"
HAN = "\u2e80-\u2fdf\u3005-\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"

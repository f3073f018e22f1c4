"""How the tones of a Mandarin word change when it is spoken, and the words that a dictionary of readings gets wrong.

Owns tone sandhi inside one word. Must not know phonemes or the voice.
Rules: third tones (两百 is liang2 bai3); 不 and 一 by the tone that follows; 一 as a figure or in an order stays as it is.
"""

# Read otherwise than the library's dictionary has it; tone marks as it wants them.
READINGS = {
    "重置": [["chóng"], ["zhì"]],
    "较长": [["jiào"], ["cháng"]],
    "电子": [["diàn"], ["zǐ"]],
}

# 一 keeps its tone behind these (第一, 十一, 星期一, 二零一) and before these (一十, 一月, 一日, 一号, 一到五).
_FIGURES = "零一二三四五六七八九十"
_KEEPS_BEHIND, _KEEPS_BEFORE = _FIGURES + "第期按", _FIGURES + "月日号到"


def spoken_tones(word: str, syllables: list[str]) -> list[str]:
    """The syllables of a word, written with their tone as last letter (`bai3`), as they are spoken together."""
    spoken = list(syllables)
    for place in range(len(spoken) - 1):
        if syllables[place][-1] == "3" and syllables[place + 1][-1] == "3":
            spoken[place] = syllables[place][:-1] + "2"
        if word[place] == "不":
            spoken[place] = "bu2" if syllables[place + 1][-1] == "4" else "bu4"
        if word[place] == "一" and _changes(word, place):
            spoken[place] = "yi2" if syllables[place + 1][-1] in "45" else "yi4"
    return spoken


def _changes(word: str, place: int) -> bool:
    return word[place - 1 : place] not in list(_KEEPS_BEHIND) and word[place + 1] not in _KEEPS_BEFORE

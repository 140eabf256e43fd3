"""Which language a text is in: by its script where that tells, by its commonest words otherwise."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from operators.media import texts
from operators.media.stop_words import STOP_WORDS

UNKNOWN = "und"
LOOKED_AT = 200_000
"""Characters that are looked at."""
_BY_SCRIPT = {
    "GREEK": "el", "HEBREW": "he", "ARABIC": "ar", "THAI": "th", "DEVANAGARI": "hi", "HANGUL": "ko",
    "ARMENIAN": "hy", "GEORGIAN": "ka", "CJK": "zh", "HIRAGANA": "ja", "KATAKANA": "ja",
}  # fmt: skip


class Verdict(NamedTuple):
    """A language (ISO 639-1, `und` when nothing tells), how sure (0 to 1), and the shares it rests on."""

    language: str
    confidence: float
    scripts: dict[str, float]
    candidates: dict[str, float]


def told(content: str) -> Verdict:
    """Return the likeliest language of a text."""
    sample = content[:LOOKED_AT]
    scripts = _scripts(sample)
    shares = _stop_word_shares(texts.words(sample))
    candidates = {language: share for language, share in shares[:3] if share > 0}
    script = next(iter(scripts), "")
    if "HIRAGANA" in scripts and script == "CJK":
        script = "HIRAGANA"
    if script in _BY_SCRIPT:
        return Verdict(_BY_SCRIPT[script], scripts[script], scripts, candidates)
    language, confidence = _by_stop_words(shares)
    return Verdict(language, confidence, scripts, candidates)


def _scripts(sample: str) -> dict[str, float]:
    """The first word of a letter's Unicode name is its script: LATIN SMALL LETTER A."""
    counts: Counter[str] = Counter()
    for letter, found in Counter(sample).items():
        if letter.isalpha():
            counts[unicodedata.name(letter, "UNKNOWN").split(" ")[0]] += found
    total = counts.total()
    return {script: round(found / total, 4) for script, found in counts.most_common(5)}


def _stop_word_shares(found: Sequence[str]) -> list[tuple[str, float]]:
    counts = Counter(word.casefold() for word in found)
    total = max(1, counts.total())
    shares = {
        language: round(sum(counts[word] for word in listed) / total, 4) for language, listed in STOP_WORDS.items()
    }
    return sorted(shares.items(), key=lambda item: (-item[1], item[0]))


def _by_stop_words(shares: list[tuple[str, float]]) -> tuple[str, float]:
    """In running text a third of the words are stop words; the lead over the next language makes it sure."""
    (language, best), (_, second) = shares[0], shares[1]
    if best < 0.08:
        return UNKNOWN, 0.0
    lead = (best - second) / best
    return language, round(min(1.0, best / 0.25) * min(1.0, lead * 2), 4)

"""`TextStatistics`: how long a text is, how rich, how hard to read."""

from __future__ import annotations

from collections import Counter
from typing import Any

from mediawright import Task, operator
from operators.media import operation, texts

LONG_WORD = 7
"""Letters from which on LIX calls a word long (C. H. Björnsson: more than six)."""
WORDS_A_MINUTE = 230


def counted(content: str) -> dict[str, Any]:
    """Return counts, averages and the readability index LIX (20 very easy, 60 very hard) of a text."""
    words, sentences = texts.words(content), texts.sentences(content)
    lines = content.splitlines()
    found: dict[str, Any] = {
        "Characters": len(content),
        "Letters": sum(map(str.isalpha, content)),
        "Digits": sum(map(str.isdigit, content)),
        "Words": len(words),
        "DistinctWords": len({word.casefold() for word in words}),
        "Sentences": len(sentences),
        "Lines": len(lines),
        "EmptyLines": sum(not line.strip() for line in lines),
        "Paragraphs": _paragraphs(lines),
        "LongestLine": max(map(len, lines), default=0),
        "ReadingMinutes": round(len(words) / WORDS_A_MINUTE, 2),
    }
    return found | (_averages(words, len(sentences)) if words else {})


def _averages(words: list[str], sentences: int) -> dict[str, Any]:
    lengths = [len(word) for word in words]
    long = sum(length >= LONG_WORD for length in lengths)
    words_a_sentence = len(words) / max(1, sentences)
    return {
        "LettersPerWord": round(sum(lengths) / len(words), 2),
        "WordsPerSentence": round(words_a_sentence, 2),
        "LongWords": long,
        "Lix": round(words_a_sentence + 100 * long / len(words), 1),
        "WordLengths": {str(length): found for length, found in sorted(Counter(lengths).items())[:40]},
    }


def _paragraphs(lines: list[str]) -> int:
    filled = [bool(line.strip()) for line in lines]
    return sum(now and not before for before, now in zip([False, *filled], filled, strict=False))


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    found = counted(texts.read(operation.fetched(task)).content)
    summary = operation.some(found, ("Words", "Sentences", "Lines", "ReadingMinutes", "Lix"))
    operation.report(task, found, summary)

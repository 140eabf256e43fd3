"""`KeyWords`: the words and phrases that a text is about."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from mediawright import Task, operator
from operators.media import languages, operation, stop_words, texts

_PHRASE_END = re.compile(r"[^\w\s'\u2019-]|\n\s*\n")
Phrase = tuple[str, ...]


def key_words(content: str, language: str, count: int, longest: int) -> dict[str, Any]:
    """Return the commonest words, and the phrases whose words keep much company (RAKE: Rose and others, 2010)."""
    phrases = list(_phrases(content, stop_words.of(language), longest))
    words = Counter(word for phrase in phrases for word in phrase)
    company: Counter[str] = Counter()
    for phrase in phrases:
        for word in phrase:
            company[word] += len(phrase)
    scores = {phrase: sum(company[word] / words[word] for word in phrase) for phrase in set(phrases)}
    times = Counter(phrases)
    best = sorted(scores, key=lambda phrase: (-scores[phrase] * times[phrase], phrase))
    return {
        "Words": [{"Word": word, "Count": found} for word, found in _first(words, count)],
        "Phrases": [
            {"Phrase": " ".join(phrase), "Score": round(scores[phrase], 2), "Count": times[phrase]}
            for phrase in best[:count]
            if len(phrase) > 1
        ],
    }


def _phrases(content: str, ignored: frozenset[str], longest: int) -> Iterator[Phrase]:
    """Runs of words between stop words and punctuation; longer runs than `longest` are no phrases but lists."""
    for piece in _PHRASE_END.split(content):
        run: list[str] = []
        for word in [*(word.casefold() for word in texts.words(piece)), ""]:
            if word and word not in ignored and len(word) > 1:
                run.append(word)
                continue
            for begin in range(0, len(run), longest):
                yield tuple(run[begin : begin + longest])
            run = []


def _first(words: Counter[str], count: int) -> list[tuple[str, int]]:
    return sorted(words.items(), key=lambda item: (-item[1], item[0]))[:count]


def _language(task: Task, content: str) -> str:
    """What the configuration says, or an earlier `TextLanguage` found, or the text itself tells."""
    if configured := task.configuration.get("Language"):
        return str(configured)
    earlier = task.metadata.get("TextLanguage")
    if isinstance(earlier, dict) and isinstance(earlier.get("Language"), str):
        return str(earlier["Language"])
    return languages.told(content).language


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    content = texts.read(operation.fetched(task)).content
    configuration = {"Count": 20, "MaxPhraseWords": 3, **task.configuration}
    language = _language(task, content)
    found = key_words(content, language, configuration["Count"], configuration["MaxPhraseWords"])
    summary = {"Language": language, "Words": [entry["Word"] for entry in found["Words"][:10]]}
    operation.report(task, {"Language": language, **found}, summary)

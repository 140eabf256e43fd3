"""The commonest words of some languages: they tell a language, and they are no key words."""

from __future__ import annotations

from pathlib import Path


def _read() -> dict[str, frozenset[str]]:
    """Each line of the file is a language (ISO 639-1), a colon and its words."""
    lines = Path(__file__).with_suffix(".txt").read_text(encoding="utf-8").splitlines()
    entries = (line.split(":") for line in lines)
    return {language: frozenset(words.split()) for language, words in entries}


STOP_WORDS = _read()
EVERY_LANGUAGE = frozenset[str]().union(*STOP_WORDS.values())


def of(language: str) -> frozenset[str]:
    """Return a language's stop words; those of all languages when it isn't one of ours."""
    return STOP_WORDS.get(language, EVERY_LANGUAGE)

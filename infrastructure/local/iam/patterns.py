"""Wildcards of policies: `*` for any text, `?` for one character."""

from __future__ import annotations

import re
from functools import lru_cache


def matches(pattern: str, text: str) -> bool:
    """Whether a text is what a pattern describes; case counts."""
    return pattern in (text, "*") or bool(_compiled(pattern).fullmatch(text))


def arn_matches(pattern: str, arn: str) -> bool:
    """Whether an ARN is what a pattern describes: each of its six parts by itself."""
    wanted, given = pattern.split(":", 5), arn.split(":", 5)
    return len(wanted) == len(given) == 6 and all(map(matches, wanted, given))


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    wild = {"*": ".*", "?": "."}
    return re.compile("".join(wild.get(character) or re.escape(character) for character in pattern), re.DOTALL)

"""What a log line must not give away: whoever may read logs may not therefore do what a signed URL or a token allows.

Task tokens, users' tokens, webhooks' secrets, signatures and credentials are hidden by their names, in JSON, in JSON
within JSON and in Python's own notation; besides, whatever looks like a token.
"""

from __future__ import annotations

import re
from functools import cache

HIDDEN = "***"
_SCHEME = r"""\b(Bearer|Basic)\s+[^\s"'\\,]+"""
_SIGNED = r"""(?i:((?:X-Amz-Security-Token|Credential|Signature)(?:=|%3D))[^&,\s"'\\<>]+)"""
_NAMED = (
    r"""(\b(?:(?:task|access|id|refresh|session)_?token|token|(?:client_?)?secret|authorization"""
    r"""|x-amz-security-token|password)\b\\*["']?\s*[:=]\s*)"""
    # to the quotation mark alike that no backslash escapes, or to the end of what was cut off
    r"""(?:(\\*["']).*?(?:(?<!\\)(?=\2)|$)|[^\s"'\\,;}&]+)"""
)
_ACCESS_KEY = r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
_JWT = r"\beyJ[\w-]{10,}\.[\w-]+(?:\.[\w-]*)?"
_TOKEN = r"[A-Za-z0-9+/]{120,}={0,2}"  # noqa: S105  no password


@cache
def _rules() -> list[tuple[re.Pattern[str], str]]:
    """Patterns and what takes their place. Compiling takes milliseconds: whoever has nothing to say, needs none."""
    return [
        (re.compile(_SCHEME), rf"\1 {HIDDEN}"),
        (re.compile(_SIGNED), rf"\1{HIDDEN}"),
        (re.compile(_NAMED, re.IGNORECASE | re.DOTALL), rf"\1\2{HIDDEN}"),
        (re.compile(_ACCESS_KEY), HIDDEN),
        (re.compile(_JWT), HIDDEN),
        (re.compile(_TOKEN), HIDDEN),
    ]


def hidden(text: str) -> str:
    """The text without its secrets."""
    for pattern, replacement in _rules():
        text = pattern.sub(replacement, text)
    return text

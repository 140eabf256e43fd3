"""What a log line must not give away: whoever may read logs may not therefore do what a signed URL or a token allows.

Task tokens, webhooks' secrets, signatures and credentials are hidden by their names, in JSON, in JSON within JSON and
in Python's own notation; besides, whatever looks like a token.
"""

from __future__ import annotations

import re

HIDDEN = "***"

_NAMED = re.compile(
    r"""(\b(?:task_?token|token|secret|authorization|x-amz-security-token|password)\b\\*["']?\s*[:=]\s*)"""
    # to the quotation mark alike that no backslash escapes, or to the end of what was cut off
    r"""(?:(\\*["']).*?(?:(?<!\\)(?=\2)|$)|[^\s"'\\,;}&]+)""",
    re.IGNORECASE | re.DOTALL,
)
_SIGNED = re.compile(
    r"""((?:X-Amz-Security-Token|Credential|Signature)(?:=|%3D))[^&,\s"'\\<>]+""",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"""\b(Bearer|Basic)\s+[^\s"'\\,]+""")
_ACCESS_KEY = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b")
_TOKEN = re.compile(r"[A-Za-z0-9+/]{120,}={0,2}")


def hidden(text: str) -> str:
    """The text without its secrets."""
    text = _SCHEME.sub(rf"\1 {HIDDEN}", text)
    text = _SIGNED.sub(rf"\1{HIDDEN}", text)
    text = _NAMED.sub(rf"\1\2{HIDDEN}", text)
    text = _ACCESS_KEY.sub(HIDDEN, text)
    return _TOKEN.sub(HIDDEN, text)

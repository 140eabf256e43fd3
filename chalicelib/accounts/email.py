"""E-mail addresses: what one looks like, and when two are the same."""

from __future__ import annotations

import re

from chalicelib.web.errors import BadRequestError, shown

MAX_CHARACTERS = 254
_LOCAL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_ADDRESS = re.compile(rf"(?=.{{1,64}}@){_LOCAL}@({_LABEL}\.)+{_LABEL}")


def is_address(text: str) -> bool:
    """Whether a text is an e-mail address."""
    return len(text) <= MAX_CHARACTERS and _ADDRESS.fullmatch(text) is not None


def folded(text: str, field: str) -> str:
    """An address in its one spelling, in lower case; raises BadRequestError, naming the field, for what is none."""
    if not is_address(text):
        raise BadRequestError(f"{field}: {shown(text)} is not a valid e-mail address", (field,))
    return text.lower()

"""Which identifiers paths may carry: they become keys of objects and items."""

from __future__ import annotations

import re

from chalicelib.assets.store import unknown
from chalicelib.web.errors import BadRequestError, shown

_RULE = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
_NAME = re.compile(_RULE)


def name(field: str, value: str) -> str:
    """An operator's, workflow's or asset's identifier; raises BadRequestError naming the field."""
    if _NAME.fullmatch(value) is None:
        raise BadRequestError(f"{field}: {shown(value)} does not match ^{_RULE}$")
    return value


def asset(value: str) -> str:
    """The id of an asset that may exist; raises NotFoundError for text that no asset has as its id."""
    if _NAME.fullmatch(value) is None:
        raise unknown(shown(value))
    return value

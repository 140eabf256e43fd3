"""Mends moto's S3: of an object that is asked for in parts, only the part is read.

moto reads the whole object for each. A client downloads in parts of 8 MiB, an object of 1 GiB in 128 of them.
"""

from __future__ import annotations

from typing import Any

import moto.s3.responses as moto_s3_responses

_RESPONSE: Any = moto_s3_responses.S3Response
_ORIGINAL: dict[str, Any] = {}


def install() -> None:
    """Patch moto, from now on; again is harmless."""
    if not _ORIGINAL:
        for name, ours in (("_get_key", _get_key), ("_handle_range_header", _handle_range_header)):
            _ORIGINAL[name] = getattr(_RESPONSE, name)
            setattr(_RESPONSE, name, ours)


class Content:
    """An object's bytes, read when they are sliced: what moto asks of `bytes` when it answers with a part."""

    def __init__(self, key: Any) -> None:
        self._key = key

    def __len__(self) -> int:
        return int(self._key.contentsize)

    def __getitem__(self, part: slice) -> bytes:
        begin, end, _ = part.indices(len(self))
        with self._key.lock:
            self._key._value_buffer.seek(begin)
            found: bytes = self._key._value_buffer.read(max(0, end - begin))
        return found


class _Unread:
    """A key of moto's whose value has not been read."""

    def __init__(self, key: Any) -> None:
        self._key = key
        self.value = Content(key)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._key, name)


def _get_key(self: Any, *arguments: Any, **named: Any) -> tuple[Any, bool]:
    key, not_modified = _ORIGINAL["_get_key"](self, *arguments, **named)
    is_ranged = self.headers.get("Range") and "partNumber" not in self.querystring
    return _Unread(key) if is_ranged else key, not_modified


def _handle_range_header(self: Any, request: Any, headers: dict[str, Any], content: Any) -> Any:
    status, headers, part = _ORIGINAL["_handle_range_header"](self, request, headers, content)
    # what moto takes for no range is answered with the whole object
    return status, headers, part[:] if isinstance(part, Content) else part

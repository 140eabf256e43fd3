"""How MediaFlow's API answers: successes in an envelope, errors under `detail` (contract chapter 2.1).

`detail` is a text, but for a request that is wrong in itself (422): there it is a list of `{loc, msg, type}`.
"""

from __future__ import annotations

from typing import Any

from chalicelib.web.dialect import Dialect, Told
from chalicelib.web.errors import BadRequestError, MediawrightError, UnsupportedMediaType
from chalicelib.web.room import Answer

INVALID = 422


def enveloped(data: Any, message: str = "", status: int = 200) -> Answer:
    """A success."""
    return Answer({"success": True, "data": data, "message": message}, status=status)


class ForeignContent(UnsupportedMediaType):
    """What a file holds is not what the route works on."""


def _told(error: MediawrightError, _request_id: str) -> Told:
    if isinstance(error, BadRequestError):
        return INVALID, {"detail": [_wrong(error.location, str(error))]}
    if isinstance(error, UnsupportedMediaType) and not isinstance(error, ForeignContent):
        # a body of another kind has none of the fields that are asked for
        return INVALID, {"detail": [_wrong((), str(error))]}
    return error.status, {"detail": str(error)}


def _wrong(location: tuple[str | int, ...], message: str) -> dict[str, Any]:
    source = location or ("body",)
    where = source if source[0] in ("body", "query", "path") else ("body", *source)
    return {"loc": list(where), "msg": message, "type": "value_error"}


MEDIAFLOW = Dialect(
    name="Detail",
    schema={
        "title": "Why a request to the media jobs is refused",
        "type": "object",
        "required": ["detail"],
        "properties": {
            "detail": {
                "oneOf": [
                    {"type": "string"},
                    {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["loc", "msg", "type"],
                            "properties": {
                                "loc": {"type": "array", "items": {"type": ["string", "integer"]}},
                                "msg": {"type": "string"},
                                "type": {"type": "string"},
                            },
                        },
                    },
                ]
            }
        },
        "additionalProperties": False,
    },
    invalid=INVALID,
    told=_told,
)

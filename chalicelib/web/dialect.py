"""How a room tells its callers of errors: each view speaks as the system that it is modelled on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from chalicelib.web.errors import MediawrightError

Told = tuple[int, dict[str, Any]]
"""A status and the body of the answer."""


@dataclass(frozen=True)
class Dialect:
    """`name` and `schema` describe the error body in the API's document; `told` makes it of an error and the
    request's id. `invalid` is the status of a request that is wrong in itself."""

    name: str
    schema: dict[str, Any]
    invalid: int
    told: Callable[[MediawrightError, str], Told]


def _old_engine(error: MediawrightError, request_id: str) -> Told:
    code = "InternalServerError" if error.status == 500 else error.code
    return error.status, {"Code": code, "Message": str(error), "RequestId": request_id}


OLD_ENGINE = Dialect(
    name="Error",
    schema={
        "title": "Why a request is refused",
        "type": "object",
        "required": ["Code", "Message"],
        "properties": {
            "Code": {"type": "string", "description": "The error's class."},
            "Message": {"type": "string", "description": "What is wrong, with the field."},
            "RequestId": {"type": "string"},
        },
        "additionalProperties": False,
    },
    invalid=400,
    told=_old_engine,
)
"""As Media Insights on AWS answered."""

"""Calls of AWS's language services on a caller's behalf: plain JSON out, our errors in place of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.aws import clock
from chalicelib.aws.clients import client
from chalicelib.proxies import refusals
from chalicelib.web import documents
from chalicelib.web.errors import BadGatewayError, BadRequestError, UnavailableError

MAX_ANSWER_BYTES = 5_000_000
"""What one answer carries: Lambda's limit is 6 MB, and the API's text stands in JSON once more."""
LIST_SECONDS = 15.0
"""How long pages are asked for: API Gateway waits 29 s, and the last page may be slow."""

Document = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """A list of AWS's that comes in pages: the operation, and the member of its answers that holds the entries."""

    service: str
    operation: str
    member: str


def ask(service: str, operation: str, **request: Any) -> Document:
    """One call by the SDK's names; answers what AWS says, times as ISO 8601 in UTC.

    Raises BadRequestError, NotFoundError, ConflictError, ForbiddenError, UnavailableError (AWS throttles) and
    BadGatewayError (AWS failed or wasn't reached; a change may have been made all the same).
    """
    from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError

    try:
        answer = getattr(client(service), operation)(**request)
    except ParamValidationError as error:
        raise BadRequestError(" ".join(str(error).split())) from error
    except ClientError as error:
        raise refusals.of(service, dict(error.response)) from error
    except BotoCoreError as error:
        raise BadGatewayError(f"{service} gave no answer: {type(error).__name__}") from error
    plain: Document = _plain(answer)
    return plain


def everything(listing: Listing) -> Document:
    """All entries of a list in the form of its last page. Raises like `ask`, and BadRequestError when they are more
    than an answer carries."""
    until = clock.seconds() + LIST_SECONDS
    found: list[Any] = []
    size = 0
    token: Document = {}
    while True:
        page = ask(listing.service, listing.operation, MaxResults=100, **token)
        entries = page.pop(listing.member, [])
        size += sum(len(documents.compact(entry)) for entry in entries)
        found += entries
        if size > MAX_ANSWER_BYTES:
            raise BadRequestError(
                f"{listing.member}: the list is too long for one answer; ask {listing.service} itself"
            )
        if not (following := page.pop("NextToken", None)):
            return {**page, listing.member: found}
        if clock.seconds() > until:
            raise UnavailableError(f"{listing.service} was too slow to tell the whole list; try again later")
        token = {"NextToken": following}


def _plain(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _plain(value) for name, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return node.astimezone(UTC).isoformat() if isinstance(node, datetime) else node

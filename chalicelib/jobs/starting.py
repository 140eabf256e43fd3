"""A job is made: an ordinary run of its operation's workflow, which knows whose it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.aws.dynamodb import Value
from chalicelib.definitions import store as definitions
from chalicelib.executions import submit
from chalicelib.jobs import parameters, sources
from chalicelib.jobs.errors import MissingUpload, NoSuchOperation, UnknownUpload
from chalicelib.jobs.kinds import Kind
from chalicelib.jobs.sources import Sent, Source
from chalicelib.web import idempotency
from chalicelib.web.envelope import ForeignContent
from chalicelib.web.errors import BadRequestError, TooLargeError
from chalicelib.web.forms import File

KEPT_DAYS = 7
MAX_FILES = 20


@dataclass(frozen=True)
class Wanted:
    """What a request asks for besides its files: checked, and good for each of them."""

    user: str
    kind: Kind
    parameters: dict[str, Any]
    notify_email: str | None = None
    webhook: Mapping[str, str] | None = None
    headers: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Made:
    """A job of a batch, and what its user calls the file."""

    name: str
    job_id: str


@dataclass(frozen=True)
class Rejected:
    """A file of a batch that no job was made for."""

    name: str
    reason: str


def demand_operation(kind: Kind) -> None:
    """Raise NoSuchOperation unless the stack has the operation's workflow."""
    if definitions.read("workflow", kind.workflow) is None:
        raise NoSuchOperation(f"This stack has no workflow {kind.workflow}")


def one(wanted: Wanted, body: Mapping[str, Any], files: Sequence[File]) -> str:
    """A job for the one file of a request; answers its id. Raises what judging the file does."""
    if len(files) > 1 or (files and {"upload_id", "asset_id", "S3Bucket", "S3Key"} & set(body)):
        raise BadRequestError("file: exactly one file is expected", ("file",))
    given: Sent | Source
    given = sources.sent(wanted.kind, files[0]) if files else sources.referred(wanted.user, wanted.kind, body)
    return _submitted(wanted, given, 0).job_id


def many(wanted: Wanted, uploads: Sequence[str], files: Sequence[File], partial: bool) -> list[Made | Rejected]:
    """A job for each of up to 20 files, in their order, those of the request first.

    All files are judged before the first job is made; where one won't do, none is made, or with `partial` none for
    it. A request that was cut short makes the rest when it is sent again with its Idempotency-Key.
    """
    if not 1 <= len(files) + len(uploads) <= MAX_FILES:
        raise BadRequestError(f"files: 1 to {MAX_FILES} files are expected", ("files",))
    entries: list[File | str] = [*files, *uploads]
    judged = [_judged(wanted, entry, partial) for entry in entries]
    return [
        given if isinstance(given, Rejected) else _submitted(wanted, given, number)
        for number, given in enumerate(judged)
    ]


def _judged(wanted: Wanted, entry: File | str, partial: bool) -> Sent | Source | Rejected:
    try:
        if isinstance(entry, File):
            return sources.sent(wanted.kind, entry)
        return sources.referred(wanted.user, wanted.kind, {"upload_id": entry})
    except (ForeignContent, TooLargeError, UnknownUpload, MissingUpload) as error:
        if not partial:
            raise
        return Rejected(entry.name if isinstance(entry, File) else entry, str(error))


def _submitted(wanted: Wanted, given: Sent | Source, number: int) -> Made:
    source = sources.stored(wanted.user, given) if isinstance(given, Sent) else given
    claimed = idempotency.claim(
        f"jobs/{wanted.user}/{wanted.kind.name}/{number}", dict(wanted.headers or {}), _compared(wanted, given)
    )
    document = submit.submit(_body(wanted, source), origin=_origin(wanted, source), claimed=claimed)
    return Made(source.name, document["Id"])


def _compared(wanted: Wanted, given: Sent | Source) -> dict[str, Any]:
    """What makes two requests equal: a file that is sent again gets another key each time."""
    import hashlib

    if isinstance(given, Sent):
        where = hashlib.sha256(given.file.content).hexdigest()
    else:
        where = f"{given.bucket}/{given.key}"
    told = [wanted.notify_email, dict(wanted.webhook) if wanted.webhook else None]
    return {"Parameters": wanted.parameters, "File": where, "Told": told}


def _body(wanted: Wanted, source: Source) -> dict[str, Any]:
    operation, medium = wanted.kind.operation, wanted.kind.medium
    place = {"S3Bucket": source.bucket, "S3Key": source.key}
    body: dict[str, Any] = {
        "Name": wanted.kind.workflow,
        "Input": {"AssetId": source.asset_id} if source.asset_id else {"Media": {medium: place}},
        "Configuration": {f"_{operation}": {operation: wanted.parameters}},
    }
    return body | ({"Webhook": dict(wanted.webhook)} if wanted.webhook else {})


def _origin(wanted: Wanted, source: Source) -> submit.Origin:
    beside: dict[str, Value] = {"Filename": source.name}
    if wanted.notify_email:
        beside["NotifyEmail"] = wanted.notify_email
    return submit.Origin(
        trigger="job", owner=wanted.user, job_type=wanted.kind.name, keep_days=KEPT_DAYS, beside=beside
    )


def wanted(
    user: str, kind: Kind, body: Mapping[str, Any], headers: Mapping[str, str], webhook: Mapping[str, str] | None
) -> Wanted:
    """What a request asks for; raises BadRequestError naming the field."""
    return Wanted(user, kind, parameters.of(kind, body), body.get("notify_email"), webhook, headers)

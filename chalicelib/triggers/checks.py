"""What a definition must be before AWS is asked about it."""

from __future__ import annotations

from typing import Any

from chalicelib.aws.settings import settings
from chalicelib.triggers import patterns, schedules
from chalicelib.triggers.trigger import Document, Trigger, kind_of
from chalicelib.web.documents import compact
from chalicelib.web.errors import BadRequestError, shown

MAX_BYTES = 32_768
"""Of a definition: it is one attribute of one item, which every delivery reads."""

ENGINE_PREFIXES = ("private/", "definitions/")
"""Where the engine itself writes into the data bucket."""


def check(document: Document) -> None:
    """Raise BadRequestError naming the field; the schema has been checked."""
    kind = kind_of(document)
    size = len(compact(document).encode())
    if size > MAX_BYTES:
        raise BadRequestError(f"Configuration: the trigger has {size} bytes; it may have {MAX_BYTES}")
    source = document[kind]
    match kind:
        case "S3":
            _check_prefix(source["Bucket"], source.get("Prefix", ""))
        case "EventPattern":
            patterns.check(source["Pattern"])
        case "SNS":
            _check_topic(source["TopicArn"])
        case "Schedule":
            schedules.check(source["Expression"], source.get("Timezone"))
    _check_input(kind, document.get("Input"))


def check_kept(old: Trigger, document: Document) -> None:
    """Raise BadRequestError when a change would make another trigger of it."""
    if kind_of(document) != old.kind:
        raise BadRequestError(
            f"{kind_of(document)}: this is a trigger of kind {old.kind} and stays one; make another"
        )
    if old.kind == "SNS" and document["SNS"]["TopicArn"] != old.topic:
        raise BadRequestError("SNS.TopicArn: a trigger keeps its topic; make another")


def _check_prefix(bucket: str, prefix: str) -> None:
    if bucket != settings().data_bucket:
        return
    for own in ENGINE_PREFIXES:
        if own.startswith(prefix) or prefix.startswith(own):
            raise BadRequestError(
                f"S3.Prefix: {shown(prefix)} takes in what the engine itself writes into its own bucket, under"
                f" {' and '.join(ENGINE_PREFIXES)}, so that runs would start runs; name a prefix beside them, such as"
                " uploads/"
            )


def _check_topic(arn: str) -> None:
    _, partition, _, region, account, _ = arn.split(":")
    function = settings().trigger_arn.split(":")
    if (partition, region, account) != (function[1], function[3], function[4]):
        raise BadRequestError(
            f"SNS.TopicArn: a topic of this account and Region ({function[4]}, {function[3]}) is expected"
        )


def _check_input(kind: str, given: Any) -> None:
    if kind == "S3":
        if given is not None:
            raise BadRequestError("Input: the object that arrives is the input of an S3 trigger's runs; leave it out")
    elif given is None:
        raise BadRequestError(f"Input: a trigger of kind {kind} says what its runs work on")
    elif ("AssetId" in given) == ("Media" in given):
        raise BadRequestError("Input: either AssetId or Media is required")

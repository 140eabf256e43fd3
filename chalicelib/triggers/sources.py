"""What AWS and the engine's own definitions say of what a trigger names, asked before anything is written."""

from __future__ import annotations

from chalicelib.assets import store as assets
from chalicelib.aws import clock, eventbridge, objects, topics
from chalicelib.aws.settings import settings
from chalicelib.definitions import revisions
from chalicelib.executions import plan
from chalicelib.triggers import schedules
from chalicelib.triggers.trigger import Document, Kind, kind_of
from chalicelib.web.documents import compact
from chalicelib.web.errors import BadRequestError, shown


def check(document: Document, before: Document | None = None) -> None:
    """Raise BadRequestError naming the field unless workflow, source and input are there and fit.

    What is as it is in a definition `before` isn't asked about: what that names may be over or gone since, and the
    trigger is to be disabled all the same.
    """
    kind = kind_of(document)
    if _differ(document, before, "Workflow", "Configuration"):
        _check_workflow(document)
    if _differ(document, before, "Input"):
        _check_asset(document.get("Input") or {})
    if _differ(document, before, kind):
        _check_source(kind, document[kind])


def _differ(document: Document, before: Document | None, *members: str) -> bool:
    return before is None or any(before.get(member) != document.get(member) for member in members)


def _check_source(kind: Kind, source: Document) -> None:
    match kind:
        case "S3":
            _check_bucket(source["Bucket"])
        case "EventPattern":
            _check_pattern(source["Pattern"])
        case "SNS":
            _check_topic(source["TopicArn"])
        case "Schedule":
            schedules.check_ahead(source["Expression"], source.get("Timezone"), clock.seconds())


def _check_workflow(document: Document) -> None:
    try:
        revision = revisions.current(document["Workflow"])
    except BadRequestError as error:
        raise BadRequestError(f"Workflow: {str(error).removeprefix('Name: ')}") from error
    override = plan.normalised(revision, document.get("Configuration") or {})
    plan.check_override(revision, override)


def _check_asset(given: Document) -> None:
    asset_id = given.get("AssetId")
    # a pointer tells an asset that the event will name
    if isinstance(asset_id, str) and assets.get_asset(asset_id) is None:
        raise BadRequestError(f"Input.AssetId: there is no asset {shown(asset_id)}")


def _check_bucket(bucket: str) -> None:
    if bucket == settings().data_bucket:
        return
    try:
        found = objects.events_of(bucket)
    except objects.BucketClosed:
        raise BadRequestError(
            f"S3.Bucket: the engine may not look at bucket {shown(bucket)}: it is another account's, or its policy"
            " forbids it"
        ) from None
    if found is None:
        raise BadRequestError(f"S3.Bucket: there is no bucket {shown(bucket)}")
    region, sends_events = found
    if region != settings().region:
        raise BadRequestError(f"S3.Bucket: bucket {shown(bucket)} is in {region}; its events stay there")
    if not sends_events:
        raise BadRequestError(
            f"S3.Bucket: bucket {shown(bucket)} doesn't send its events to EventBridge; its owner switches that on"
        )


def _check_pattern(pattern: Document) -> None:
    try:
        eventbridge.check_pattern(compact(pattern))
    except eventbridge.InvalidPattern as error:
        raise BadRequestError(f"EventPattern.Pattern: {error}") from None


def _check_topic(topic_arn: str) -> None:
    try:
        topics.check(topic_arn)
    except topics.UnknownTopic:
        raise BadRequestError(f"SNS.TopicArn: there is no topic {shown(topic_arn)}") from None
    except topics.TopicClosed:
        raise BadRequestError(f"SNS.TopicArn: topic {shown(topic_arn)} doesn't let the engine look at it") from None

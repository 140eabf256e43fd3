"""What a trigger is on AWS's side: a rule, a schedule, or the engine's subscription to a topic.

Each has a name that follows from the trigger's id (a subscription from topic and function), and both steps may be
repeated: whoever crashed between a step and its record is repaired by taking the step again.
"""

from __future__ import annotations

import logging

from chalicelib.aws import eventbridge, eventscheduler, topics
from chalicelib.aws.settings import settings
from chalicelib.triggers import patterns
from chalicelib.triggers.errors import QuotaError
from chalicelib.triggers.trigger import Kind, Trigger, resource_name
from chalicelib.web.documents import compact
from chalicelib.web.errors import BadRequestError, shown

_LOG = logging.getLogger("mediawright.triggers")


def apply(trigger: Trigger) -> None:
    """Make AWS deliver as the trigger says.

    Raises BadRequestError for what AWS doesn't take and QuotaError for what the account can't have any more of.
    """
    match trigger.kind:
        case "SNS":
            # a topic that is gone, or closed by now, keeps nobody from disabling its triggers
            if trigger.enabled:
                listen(trigger.source["TopicArn"])
        case "Schedule":
            _put_schedule(trigger)
        case _:
            _put_rule(trigger)


def remove(kind: Kind, trigger_id: str) -> None:
    """Take the rule or the schedule away; a topic is left by `leave`."""
    if kind == "Schedule":
        eventscheduler.remove(schedule_group(), resource_name(trigger_id))
    elif kind != "SNS":
        eventbridge.remove(resource_name(trigger_id))


def listen(topic_arn: str) -> None:
    """Subscribe the function to a topic, once for all triggers of the topic."""
    _subscribe(topic_arn)


def leave(topic_arn: str) -> None:
    """End the subscription; a topic that is gone took it along."""
    try:
        # subscribing again is how SNS tells which subscription there is
        subscription = _subscribe(topic_arn)
    except (BadRequestError, QuotaError) as error:
        _LOG.info("there is no subscription to end: %s", shown(str(error)))
        return
    topics.unsubscribe(subscription)


def schedule_group() -> str:
    """The group of this stack's schedules."""
    return f"mediawright-{settings().stack_short_uuid}"


def _subscribe(topic_arn: str) -> str:
    try:
        return topics.subscribe(topic_arn, settings().trigger_arn, settings().trigger_dead_letters_arn)
    except topics.UnknownTopic:
        raise BadRequestError("SNS.TopicArn: the topic is gone") from None
    except topics.TopicClosed as error:
        raise BadRequestError(f"SNS.TopicArn: SNS refuses the subscription: {error}") from None
    except topics.TooManySubscriptions:
        raise QuotaError("SNS.TopicArn: the topic has as many subscriptions as AWS allows") from None


def _put_rule(trigger: Trigger) -> None:
    rule = eventbridge.Rule(
        name=resource_name(trigger.id),
        pattern=compact(_pattern(trigger)),
        enabled=trigger.enabled,
        function_arn=settings().trigger_arn,
        template=f'{{"Trigger":"{trigger.id}","Event":<aws.events.event.json>}}',
        dead_letters_arn=settings().trigger_dead_letters_arn,
    )
    try:
        eventbridge.put(rule)
    except eventbridge.InvalidPattern as error:
        raise BadRequestError(f"{trigger.kind}: EventBridge doesn't take the pattern: {error}") from None
    except eventbridge.TooManyRules:
        raise QuotaError(
            "the default event bus has as many rules as AWS allows (300, unless the quota was raised): delete a"
            " trigger or another rule, or ask AWS for more"
        ) from None


def _pattern(trigger: Trigger) -> dict[str, object]:
    source = trigger.source
    if trigger.kind == "S3":
        return patterns.s3_pattern(source["Bucket"], source.get("Prefix", ""), source.get("Suffix", ""))
    pattern: dict[str, object] = source["Pattern"]
    return pattern


def _put_schedule(trigger: Trigger) -> None:
    schedule = eventscheduler.Schedule(
        group=schedule_group(),
        name=resource_name(trigger.id),
        expression=trigger.source["Expression"],
        timezone=trigger.source.get("Timezone", "UTC"),
        enabled=trigger.enabled,
        function_arn=settings().trigger_arn,
        role_arn=settings().trigger_schedule_role_arn,
        text=(
            f'{{"Trigger":"{trigger.id}","Schedule":{{"ScheduledTime":"<aws.scheduler.scheduled-time>",'
            '"ExecutionId":"<aws.scheduler.execution-id>"}}'
        ),
        dead_letters_arn=settings().trigger_dead_letters_arn,
    )
    try:
        eventscheduler.put(schedule)
    except eventscheduler.InvalidSchedule as error:
        raise BadRequestError(f"Schedule: EventBridge Scheduler doesn't take it: {error}") from None
    except eventscheduler.TooManySchedules:
        raise QuotaError("the account has as many schedules as AWS allows: delete one, or ask AWS for more") from None

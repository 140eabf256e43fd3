"""EventBridge and its scheduler, SNS, SQS and Kinesis."""

from __future__ import annotations

from functools import partial

from infrastructure.local.iam.actions.place import Asks, Parameters, Place, anywhere, keys, names, passing
from infrastructure.local.iam.policies import Request


def _rule(parameters: Parameters, place: Place) -> str:
    bus = parameters.get("EventBusName") or "default"
    name = parameters.get("Rule") or parameters["Name"]
    return place.arn("events", f"rule/{name}" if bus == "default" else f"rule/{bus}/{name}")


def _put_rule(parameters: Parameters, place: Place) -> list[Request]:
    asked = [Request("events:PutRule", _rule(parameters, place))]
    return asked + ([passing(parameters["RoleArn"], "events.amazonaws.com")] if parameters.get("RoleArn") else [])


def _put_targets(parameters: Parameters, place: Place) -> list[Request]:
    arns = tuple(target["Arn"] for target in parameters["Targets"])
    handed = dict.fromkeys(target["RoleArn"] for target in parameters["Targets"] if target.get("RoleArn"))
    asked = Request("events:PutTargets", _rule(parameters, place), partial(keys, events__TargetArn=arns))
    return [asked, *(passing(role, "events.amazonaws.com") for role in handed)]


def _put_events(parameters: Parameters, place: Place) -> list[Request]:
    return [
        Request(
            "events:PutEvents",
            place.arn("events", f"event-bus/{entry.get('EventBusName') or 'default'}"),
            partial(keys, events__source=entry.get("Source"), events__detail_type=entry.get("DetailType")),
        )
        for entry in parameters["Entries"]
    ]


EVENTS: dict[str, Asks] = {
    "PutRule": _put_rule,
    "PutTargets": _put_targets,
    "PutEvents": _put_events,
    **names("events", "DeleteRule RemoveTargets DescribeRule EnableRule DisableRule", _rule),
    **names("events", "TestEventPattern", anywhere),
}


def _schedule(parameters: Parameters, place: Place) -> str:
    return place.arn("scheduler", f"schedule/{parameters.get('GroupName') or 'default'}/{parameters['Name']}")


def _write_schedule(action: str, parameters: Parameters, place: Place) -> list[Request]:
    role = passing(parameters["Target"]["RoleArn"], "scheduler.amazonaws.com")
    return [Request(action, _schedule(parameters, place)), role]


SCHEDULER: dict[str, Asks] = {
    "CreateSchedule": partial(_write_schedule, "scheduler:CreateSchedule"),
    "UpdateSchedule": partial(_write_schedule, "scheduler:UpdateSchedule"),
    **names("scheduler", "GetSchedule DeleteSchedule", _schedule),
}


def _subscribe(parameters: Parameters, _place: Place) -> list[Request]:
    context = partial(keys, sns__Protocol=parameters["Protocol"], sns__Endpoint=parameters.get("Endpoint"))
    return [Request("sns:Subscribe", parameters["TopicArn"], context)]


SNS: dict[str, Asks] = {
    "Subscribe": _subscribe,
    **names("sns", "Publish", lambda given, _: given.get("TopicArn") or given["TargetArn"]),
    **names("sns", "GetTopicAttributes", lambda given, _: given["TopicArn"]),
    **names("sns", "Unsubscribe", anywhere),
}


def _queue(parameters: Parameters, place: Place) -> str:
    account, name = parameters["QueueUrl"].rsplit("/", 2)[1:]
    return f"arn:aws:sqs:{place.region}:{account}:{name}"


SQS: dict[str, Asks] = names("sqs", "SendMessage ReceiveMessage DeleteMessage GetQueueAttributes", _queue)


def _stream(parameters: Parameters, place: Place) -> str:
    return parameters.get("StreamARN") or place.arn("kinesis", f"stream/{parameters['StreamName']}")


KINESIS: dict[str, Asks] = names("kinesis", "PutRecord PutRecords DescribeStreamSummary", _stream)

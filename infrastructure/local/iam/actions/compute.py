"""Step Functions and Lambda."""

from __future__ import annotations

from functools import partial

from infrastructure.local.iam import roles
from infrastructure.local.iam.actions.place import Asks, Parameters, Place, anywhere, keys, names, passing, tag_keys
from infrastructure.local.iam.conditions import Context
from infrastructure.local.iam.policies import Request


def _create_machine(parameters: Parameters, place: Place) -> list[Request]:
    arn = place.arn("states", f"stateMachine:{parameters['name']}")
    tags = {tag["key"]: tag["value"] for tag in parameters.get("tags", [])}
    asked = [Request("states:CreateStateMachine", arn, partial(tag_keys, tags))]
    asked += [Request("states:TagResource", arn, partial(tag_keys, tags))] if tags else []
    return [*asked, passing(parameters["roleArn"], "states.amazonaws.com")]


STATES: dict[str, Asks] = {
    "CreateStateMachine": _create_machine,
    **names(
        "states", "DeleteStateMachine DescribeStateMachine StartExecution", lambda given, _: given["stateMachineArn"]
    ),
    **names("states", "DescribeExecution GetExecutionHistory StopExecution", lambda given, _: given["executionArn"]),
    **names("states", "SendTaskSuccess SendTaskFailure SendTaskHeartbeat ListStateMachines", anywhere),
}


def function_arn(name: str, qualifier: str | None, place: Place) -> str:
    """A function's full ARN from any of the forms that callers may use."""
    full = name if name.startswith("arn:") else place.arn("lambda", f"function:{name.rpartition('function:')[2]}")
    return f"{full}:{qualifier}" if qualifier else full


def invoking(arn: str) -> Request:
    """Invoking a function, or a version or alias of it."""

    return Request("lambda:InvokeFunction", arn, partial(_resource_tags, arn))


def _resource_tags(arn: str) -> Context:
    region, account, name = arn.split(":")[3], arn.split(":")[4], arn.split(":")[6]
    tags = roles.tags_of(name, account, region)
    return {f"aws:resourcetag/{key.lower()}": (value,) for key, value in tags.items()}


def _named(parameters: Parameters, place: Place) -> str:
    return function_arn(parameters["FunctionName"], parameters.get("Qualifier"), place)


def _invoke(parameters: Parameters, place: Place) -> list[Request]:
    return [invoking(_named(parameters, place))]


def _get_function(parameters: Parameters, place: Place) -> list[Request]:
    # the answer leaves the tags out, without a word, for a caller that may not list them
    arn = _named(parameters, place)
    return [Request("lambda:GetFunction", arn), Request("lambda:ListTags", arn)]


def _tag(parameters: Parameters, _place: Place) -> list[Request]:
    arn = parameters["Resource"]
    return [Request("lambda:TagResource", arn, lambda: {**_resource_tags(arn), **tag_keys(parameters["Tags"])})]


def _untag(parameters: Parameters, _place: Place) -> list[Request]:
    arn, wanted = parameters["Resource"], tuple(parameters["TagKeys"])
    return [Request("lambda:UntagResource", arn, lambda: {**_resource_tags(arn), **keys(aws__TagKeys=wanted)})]


LAMBDA: dict[str, Asks] = {
    "Invoke": _invoke,
    "GetFunction": _get_function,
    "TagResource": _tag,
    "UntagResource": _untag,
    **names("lambda", "ListTags", lambda given, _: given["Resource"]),
}

"""moto's CloudFormation with its own lives of stacks replaced: order, rollback, updates, parameters, change sets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import boto3
import moto.cloudformation.exceptions as moto_exceptions
import moto.cloudformation.models as moto_models
import moto.cloudformation.parsing as moto_parsing
import moto.cloudformation.responses as moto_responses
import moto.core.botocore_stubber as moto_stubber
import moto.core.models as moto_core
from moto.cloudformation.utils import generate_stack_id

from infrastructure.local.stack import exports, templates
from infrastructure.local.stack.lifecycle import Life
from infrastructure.local.stack.order import BadTemplate, creation_order
from infrastructure.local.stack.parameters import BadParameter, effective, text
from infrastructure.local.stack.properties import Client
from infrastructure.local.stack.record import Record

REGION = "us-east-1"
Served = Callable[[Record], None]

_CORE: Any = moto_core
_STUBBER: Any = moto_stubber
_BACKEND: Any = moto_models.CloudFormationBackend
_STACK: Any = moto_models.Stack
_PARSING: Any = moto_parsing
_RESPONSE: Any = moto_responses.CloudFormationResponse
_INVALID: Any = moto_exceptions.ValidationError
_EXISTS: Any = moto_exceptions.AlreadyExistsException
_ORIGINAL: dict[str, Any] = {}
_served: list[Served] = []


def install(client: Client | None = None, served: Served | None = None) -> None:
    """Patch moto, from now on with this maker of clients; `served` is told of every resource made or changed."""
    _BACKEND.mediawright_client = staticmethod(_reaching(client))
    _served[:] = [served] if served else []
    if _ORIGINAL:
        return
    for name, replacement in (
        ("create_stack", _create_stack),
        ("update_stack", _update_stack),
        ("delete_stack", _delete_stack),
        ("execute_change_set", _execute_change_set),
        ("create_change_set", _create_change_set),
    ):
        _ORIGINAL[name] = getattr(_BACKEND, name)
        setattr(_BACKEND, name, replacement)
    _BACKEND.replace_template = _replace_template
    _RESPONSE._validate_different_update = lambda *_arguments: None  # _update_stack says it
    _RESPONSE._get_stack_from_s3_url = _template_at
    _STACK.outputs = property(lambda stack: stack.known_outputs)
    _STACK.stack_resources = property(_resources)
    _STACK.parameter_list = property(_parameter_list)


def _reaching(client: Client | None) -> Client:
    """The given maker of clients while this process's own reach moto, and else clients that do in any case."""
    own = _own_clients()

    def reaching(service: str) -> Any:
        return client(service) if client and _CORE.botocore_stubber.enabled else own(service)

    return reaching


def _own_clients() -> Client:
    here = _STUBBER.BotocoreStubber()
    here.enabled = True

    @cache
    def client(service: str) -> Any:
        make: Any = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test").client
        made = make(service, region_name=REGION)
        made.meta.events.register_first("before-send", here)
        return made

    return client


def _template_at(self: Any, url: str) -> str:
    try:
        return templates.at(url, self.cloudformation_backend.mediawright_client)
    except BadTemplate as error:
        raise _INVALID(message=str(error)) from error


def _create_stack(
    self: Any, name: str, template: str, parameters: Mapping[str, str] | None = None, **rest: Any
) -> Any:
    if name in [stack.name for stack in self.stacks.values()]:
        raise _EXISTS(f"Stack [{name}] already exists")
    document, values = _checked(template, parameters or {})
    stack = _new_stack(self, name, document, values, rest)
    self.stacks[stack.stack_id] = stack
    _bring_to_life(self, stack)
    return stack


def _new_stack(backend: Any, name: str, document: dict[str, Any], values: dict[str, str], rest: Any) -> Any:
    return _STACK(
        stack_id=generate_stack_id(name, backend.region_name, backend.account_id),
        name=name,
        template=json.dumps(document),
        parameters=values,
        account_id=backend.account_id,
        region_name=backend.region_name,
        cross_stack_resources=backend.exports,
        **rest,
    )


def _bring_to_life(backend: Any, stack: Any) -> None:
    stack.life = Life(stack, backend.mediawright_client, _tell)
    stack.life.create(lambda: exports.publish(backend, stack, stack.output_map))


def _tell(record: Record) -> None:
    for served in _served:
        served(record)


def _checked(template: str, parameters: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """A template and its parameters' values, or the refusal of the request."""
    try:
        document = templates.read(template)
        creation_order(document)
        return document, effective(document, parameters)
    except (BadTemplate, BadParameter) as error:
        raise _INVALID(message=str(error)) from error


def _update_stack(
    self: Any,
    name: str,
    template: str,
    role_arn: str | None,
    parameters: Iterable[Mapping[str, Any]],
    tags: Mapping[str, str] | None,
) -> Any:
    stack = self.get_stack(name)
    given = {entry["ParameterKey"]: _given(entry, stack) for entry in parameters}
    document, values = _checked(template, given)
    if document == stack.template_dict and values == stack.parameters and tags is None:
        raise _INVALID(message="No updates are to be performed.")
    if tags is not None:
        stack.tags = dict(tags)
    stack.role_arn = role_arn or stack.role_arn
    _turn(self, stack, document, values)
    return stack


def _given(entry: Mapping[str, Any], stack: Any) -> str:
    """A parameter as an update gives it: a value, or that the previous one stays."""
    name = entry["ParameterKey"]
    if str(entry.get("UsePreviousValue")).lower() != "true":
        return str(entry.get("ParameterValue", ""))
    if name not in stack.parameters:
        raise _INVALID(message=f"Invalid input for parameter key {name}. Cannot specify usePreviousValue as true")
    return str(stack.parameters[name])


def _replace_template(self: Any, stack: Any, template: str, parameters: Mapping[str, str]) -> None:
    """Update a nested stack; the same template with the same values is no change and no error."""
    document, values = _checked(template, parameters)
    _turn(self, stack, document, values)


def _turn(backend: Any, stack: Any, document: dict[str, Any], values: dict[str, str]) -> None:
    if not stack.status.endswith("_COMPLETE") or stack.status in ("ROLLBACK_COMPLETE", "DELETE_COMPLETE"):
        raise _INVALID(message=f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
    arguments: Any = (stack.stack_id, stack.name, values, stack.tags)
    fresh = _PARSING.ResourceMap(
        *arguments,
        account_id=backend.account_id,
        region_name=backend.region_name,
        template=document,
        cross_stack_resources=backend.exports,
    )
    fresh.load()
    outputs = _PARSING.OutputMap(fresh, document, stack.stack_id)
    if stack.life.update(fresh, document, lambda: exports.publish(backend, stack, outputs)):
        stack.template, stack.template_dict, stack.parameters = json.dumps(document), document, values
        stack.resource_map, stack.output_map = fresh, outputs
        stack.description = document.get("Description")


def _delete_stack(self: Any, name_or_stack_id: str) -> None:
    """Delete a stack; one that is gone, or never was, counts as deleted."""
    found = [stack for stack in self.stacks.values() if name_or_stack_id in (stack.name, stack.stack_id)]
    for stack in found:
        if stack.enable_termination_protection:
            raise _INVALID(message=f"Stack [{stack.name}] cannot be deleted while TerminationProtection is enabled")
        users = exports.importers(self, stack)
        if users:
            raise _INVALID(message=users)
        if stack.life is None or stack.life.delete():
            exports.withdraw(self, stack)
            self.deleted_stacks[stack.stack_id] = self.stacks.pop(stack.stack_id)


_STACK.life = None
_STACK.known_outputs = None
"""A stack that a change set has only announced has no life yet."""


def _create_change_set(self: Any, template: str, parameters: Mapping[str, Any], **rest: Any) -> Any:
    # where a previous value is to stay, moto hands on what it made of its text
    document, values = _checked(template, {name: text(value) for name, value in parameters.items()})
    return _ORIGINAL["create_change_set"](self, template=json.dumps(document), parameters=values, **rest)


def _execute_change_set(self: Any, change_set_name: str, stack_name: str | None = None) -> None:  # noqa: ARG001
    change_set = self.describe_change_set(change_set_name)
    document, values = json.loads(change_set.template), change_set.parameters
    announced = self.stacks[change_set.stack_id]
    change_set.execution_status = "EXECUTE_COMPLETE"
    if change_set.change_set_type == "UPDATE":
        _turn(self, announced, document, values)
        return
    _STACK.__init__(
        announced,
        stack_id=announced.stack_id,
        name=announced.name,
        template=change_set.template,
        parameters=values,
        account_id=self.account_id,
        region_name=self.region_name,
        tags=announced.tags,
        cross_stack_resources=self.exports,
    )
    _bring_to_life(self, announced)


def _resources(stack: Any) -> list[Any]:
    """What exists, for the operations that list it; moto would list what a condition left out, too."""
    return [record.resource for record in stack.life.records.values()] if stack.life else []


def _parameter_list(stack: Any) -> list[dict[str, str]]:
    slots = stack.template_dict.get("Parameters") or {}
    return [
        {"ParameterKey": name, "ParameterValue": "****" if slots.get(name, {}).get("NoEcho") else value}
        for name, value in stack.parameters.items()
    ]

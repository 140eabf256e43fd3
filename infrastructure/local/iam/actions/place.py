"""Where a call is made, which is a part of most ARNs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from infrastructure.local.iam.conditions import Context
from infrastructure.local.iam.policies import Request

Parameters = Mapping[str, Any]


@dataclass(frozen=True)
class Place:
    """The caller's account and the client's Region."""

    account: str
    region: str

    def arn(self, service: str, resource: str) -> str:
        """The ARN of a resource of this account and Region."""
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"


Asks = Callable[[Parameters, Place], list[Request]]
"""What an operation with these parameters asks for."""


def names(service: str, actions: str, resource: Callable[[Parameters, Place], str]) -> dict[str, Asks]:
    """Operations (separated by spaces) that ask for the action of their own name on one resource."""

    def asks(action: str) -> Asks:
        return lambda parameters, place: [Request(action, resource(parameters, place))]

    return {name: asks(f"{service}:{name}") for name in actions.split()}


def anywhere(_parameters: Parameters, _place: Place) -> str:
    """The resource of actions that have no resource type."""
    return "*"


def keys(**values: Any) -> Context:
    """Condition keys: `prefix__some_key` is spelled `prefix:some-key`, and what is None is left out."""
    given = {
        name.replace("__", ":").replace("_", "-").lower(): value
        for name, value in values.items()
        if value is not None
    }
    return {
        name: tuple(value) if isinstance(value, (list, tuple)) else (str(value),) for name, value in given.items()
    }


def tag_keys(tags: Mapping[str, str]) -> Context:
    """The condition keys of a request that sets tags."""
    context = {f"aws:requesttag/{key.lower()}": (value,) for key, value in tags.items()}
    return {**context, "aws:tagkeys": tuple(tags)}


def passing(role_arn: str, service: str) -> Request:
    """Handing a role to a service."""
    return Request("iam:PassRole", role_arn, lambda: keys(iam__PassedToService=service))

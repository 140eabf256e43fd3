"""What a role's identity policies say of a request: an explicit deny, an allow, or neither, which denies, too."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from infrastructure.local.iam import conditions
from infrastructure.local.iam.conditions import Condition, Context
from infrastructure.local.iam.patterns import matches


def _no_keys() -> Context:
    return {}


@dataclass(frozen=True)
class Request:
    """One action on one resource (`*` for actions without a resource type), and how to learn its condition keys."""

    action: str
    resource: str
    context: Callable[[], Context] = field(default=_no_keys, compare=False)


@dataclass(frozen=True)
class Statement:
    """A statement of a policy; patterns may have wildcards."""

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    conditions: tuple[Condition, ...]

    def covers(self, action: str, resource: str) -> bool:
        """Whether it speaks of an action on a resource, its conditions aside."""
        lower = action.lower()
        return any(matches(pattern, lower) for pattern in self.actions) and any(
            matches(pattern, resource) for pattern in self.resources
        )


class UnreadablePolicy(Exception):
    """A policy has an element that isn't evaluated here."""


class Policies:
    """The identity policies of one role."""

    def __init__(self, statements: Iterable[Statement]) -> None:
        self._statements = tuple(statements)
        # what most requests ask for is asked thousands of times
        self._covering = lru_cache(maxsize=4096)(self._find_covering)

    def allow(self, request: Request) -> bool:
        """Whether the request is granted."""
        covering = self._covering(request.action, request.resource)
        if len(covering) == 1 and not covering[0].conditions:
            return covering[0].allows
        applying = [statement for statement in covering if self._applies(statement, request)]
        return bool(applying) and all(statement.allows for statement in applying)

    def _find_covering(self, action: str, resource: str) -> tuple[Statement, ...]:
        return tuple(statement for statement in self._statements if statement.covers(action, resource))

    @staticmethod
    def _applies(statement: Statement, request: Request) -> bool:
        if not statement.conditions:
            return True
        context = request.context()
        return all(condition.holds(context) for condition in statement.conditions)


@lru_cache(maxsize=256)
def parse(documents: tuple[str, ...]) -> Policies:
    """Policies from their JSON texts. Raises UnreadablePolicy and UnknownOperator."""
    return Policies(statement for document in documents for statement in _statements(json.loads(document)))


def _statements(document: dict[str, Any]) -> Iterator[Statement]:
    for entry in _listed(document["Statement"]):
        unknown = entry.keys() - {"Sid", "Effect", "Action", "Resource", "Condition"}
        if unknown or "${" in json.dumps(entry):
            raise UnreadablePolicy(f"not evaluated: {', '.join(sorted(unknown)) or 'policy variables'} in {entry}")
        yield Statement(
            allows=entry["Effect"] == "Allow",
            actions=tuple(action.lower() for action in _listed(entry["Action"])),
            resources=tuple(_listed(entry["Resource"])),
            conditions=conditions.parse(entry.get("Condition", {})),
        )


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]

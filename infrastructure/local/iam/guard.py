"""Stands between the engine's functions and AWS: asks a function's role before each call that the function makes.

The calls of functions that run in this process are evaluated, those of their threads too. What AWS does to carry out
a call isn't the caller's doing. State machines ask by `refused`. Every request that isn't granted is recorded.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from botocore.client import BaseClient
from botocore.exceptions import ClientError

from infrastructure.local.iam import callers, refusals, roles
from infrastructure.local.iam.actions import s3, table
from infrastructure.local.iam.actions.place import Place
from infrastructure.local.iam.denials import DENIALS, Denial
from infrastructure.local.iam.policies import Policies, Request

ACCOUNT = "123456789012"

_SDK: Any = BaseClient
_THREAD: Any = threading.Thread


class Guard:
    """Evaluates every call of the engine's functions until it is stopped."""

    def __init__(self) -> None:
        self._call: Callable[..., Any] = _SDK._make_api_call
        self._start: Callable[[Any], None] = _THREAD.start
        _SDK._make_api_call = self._guarded()
        _THREAD.start = self._inheriting()

    def stop(self) -> None:
        """Let every call pass again."""
        _SDK._make_api_call = self._call
        _THREAD.start = self._start

    def _guarded(self) -> Callable[..., Any]:
        call = self._call

        def make_api_call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
            function = callers.current()
            if function is None:
                return call(client, operation, parameters)
            caller = _Caller(function, client.meta.region_name)
            service = client.meta.service_model.service_name
            caller.check(service, operation, caller.requests(service, operation, parameters))
            try:
                with callers.calling_as(None):
                    return call(client, operation, parameters)
            except ClientError as error:
                if service == "s3" and s3.is_missing_object(error):
                    caller.check(service, operation, s3.tells_missing(parameters))
                raise

        return make_api_call

    def _inheriting(self) -> Callable[[Any], None]:
        start = self._start

        def start_inheriting(thread: Any) -> None:
            callers.inherit(thread)
            start(thread)

        return start_inheriting


class _Caller:
    """A function that makes a call, by its role."""

    def __init__(self, function: str, region: str) -> None:
        self._place = Place(ACCOUNT, region)
        self._function = function
        self._role, engine = roles.role_of(function, ACCOUNT, region)
        self._policies: Policies | None = roles.policies_of(self._role, ACCOUNT)
        if self._policies is None and engine:
            raise roles.RoleMissing(f"the role of {function}, {self._role}, grants nothing")

    def requests(self, service: str, operation: str, parameters: dict[str, Any]) -> list[Request]:
        """What a call asks for, of a role that is held to its policies.

        Raises UnknownOperation, and records it, as the engine might live with that, too.
        """
        if self._policies is None:
            return []
        try:
            return table.requests(service, operation, parameters, self._place)
        except table.UnknownOperation as unknown:
            DENIALS.record(Denial(self._role, str(unknown), "?"))
            raise

    def check(self, service: str, operation: str, requests: list[Request]) -> None:
        """Raise the service's refusal for the first request that isn't granted."""
        for request in requests:
            if self._policies is not None and not self._policies.allow(request):
                text = _denied(self._role, self._function, request)
                raise refusals.refusal(service, operation, text)


def refused(role_arn: str, session: str, request: Request) -> str | None:
    """What AWS says when a role isn't granted a request; None when it is, or when the role has no policies."""
    role = role_arn.rpartition("/")[2]
    granted = roles.policies_of(role, ACCOUNT)
    if granted is None or granted.allow(request):
        return None
    return _denied(role, session, request)


def _denied(role: str, session: str, request: Request) -> str:
    DENIALS.record(Denial(role, request.action, request.resource))
    return refusals.message(ACCOUNT, role, session, request.action, request.resource)

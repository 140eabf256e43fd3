"""Every AWS call that an engine function makes in this process: recorded, and made to fail when asked.

A call is named by its actor (an engine function, or a route of the API), by which invocation of the actor since the
record began, and by its number within that one. How often a stream's readers are invoked is up to its pace: their
calls are named by what is asked, and counted over all invocations. What fails is the whole call, every attempt of the
SDK included.
"""

from __future__ import annotations

import json
import re
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

from botocore.exceptions import ClientError

from infrastructure.local import interception
from infrastructure.local.interception import Perform, ProcessEnded, client_error, intercepted, never_answered
from infrastructure.local.lambdas.in_process import InProcessFunction

Mode = Literal["fails before", "fails after", "dies before", "dies after"]
MODES: tuple[Mode, ...] = ("fails before", "fails after", "dies before", "dies after")

_ENGINE = "mediawright-"
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9-]{10}T.*")
_READS = ("GET",)
_STREAM_READERS = ("Scheduler", "Publisher")


@dataclass(frozen=True, order=True)
class Call:
    """One AWS call of the engine; invocations and numbers count from 1, and `invocation` is 0 for stream readers."""

    actor: str
    invocation: int
    number: int
    operation: str

    @property
    def is_up_to_the_stream(self) -> bool:
        """Whether how often it is made depends on how records come in batches."""
        return self.invocation == 0

    def __str__(self) -> str:
        invocation = f"[{self.invocation}]" if self.invocation else ""
        return f"{self.actor}{invocation} call {self.number}: {self.operation}"


@dataclass(frozen=True)
class Invocation:
    """One invocation of an engine function that is under way."""

    actor: str
    ordinal: int
    function: str
    payload: bytes


Intruder = Callable[[Invocation], None]
"""What happens just before a call is carried out, while its caller waits for the answer."""


@dataclass
class Injection:
    """One call to disturb, or at which somebody comes between; and whether it happened."""

    call: Call
    mode: Mode | str
    intruder: Intruder | None = None
    fired: bool = False

    def __str__(self) -> str:
        return f"{self.call} {self.mode}"


@dataclass
class Record:
    """What was called since it began, in order; and what is to be disturbed."""

    calls: list[Call] = field(default_factory=list)
    injections: list[Injection] = field(default_factory=list)
    made_runs: list[str] = field(default_factory=list)
    """The ids of all runs that the engine tried to write."""
    _invocations: Counter[str] = field(default_factory=Counter)
    _asked: Counter[tuple[str, str]] = field(default_factory=Counter)
    _made: Counter[tuple[str, int]] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def invoked(self, actor: str, function: str, payload: bytes) -> Invocation:
        """Note that an actor begins."""
        with self._lock:
            self._invocations[actor] += 1
            invocation = Invocation(actor, self._invocations[actor], function, payload)
            _UNDER_WAY.add(invocation)
            return invocation

    def called(self, by: Invocation, operation: str, request: Mapping[str, Any]) -> Injection | None:
        """Note a call; the injection that waits for it, now fired."""
        with self._lock:
            call = self._named(by, _described(operation, request))
            self.calls.append(call)
            self.made_runs += _runs_in(request)
            for injection in self.injections:
                if not injection.fired and injection.call == call:
                    injection.fired = True
                    return injection
        return None

    def _named(self, by: Invocation, operation: str) -> Call:
        if by.actor in _STREAM_READERS:
            self._asked[by.actor, operation] += 1
            return Call(by.actor, 0, self._asked[by.actor, operation], operation)
        self._made[by.actor, by.ordinal] += 1
        return Call(by.actor, by.ordinal, self._made[by.actor, by.ordinal], operation)


_UNDER_WAY: set[Invocation | None] = set()
_INVOCATION: ContextVar[Invocation | None] = ContextVar("invocation of the fault tests", default=None)


def under_way() -> bool:
    """Whether a recorded function is at work this moment."""
    return bool(_UNDER_WAY)


@contextmanager
def recording(*injections: Injection, observe: Callable[[], None]) -> Iterator[Record]:
    """Record what the engine calls from now on, disturb these calls, and have a look after each that was answered."""
    record = Record(injections=list(injections))

    def intercept(call: interception.Call, perform: Perform) -> Any:
        by = _INVOCATION.get()
        injection = record.called(by, call.operation, call.parameters) if by else None
        if by and injection and injection.intruder:
            with _nobody():
                injection.intruder(by)
        elif injection:
            return _disturbed(injection.mode, call, perform)
        answer = perform()
        observe()
        return answer

    with _noting_invocations(record), intercepted(intercept):
        yield record


@contextmanager
def _nobody() -> Iterator[None]:
    """What is called meanwhile isn't called by the invocation under way."""
    token = _INVOCATION.set(None)
    try:
        yield
    finally:
        _INVOCATION.reset(token)


@contextmanager
def _noting_invocations(record: Record) -> Iterator[None]:
    """Know of every call which invocation of which actor it belongs to."""
    function: Any = InProcessFunction
    original = function.invoke

    def invoke(self: InProcessFunction, arn: str, payload: bytes, timeout: float, memory: int) -> Any:
        actor = _actor(self.name, payload)
        invocation = record.invoked(actor, self.name, payload) if actor else None
        token = _INVOCATION.set(invocation)
        try:
            return original(self, arn, payload, timeout, memory)
        finally:
            _INVOCATION.reset(token)
            _UNDER_WAY.discard(invocation)

    function.invoke = invoke
    try:
        yield
    finally:
        function.invoke = original


def _actor(function: str, payload: bytes) -> str | None:
    """The function's name in the template, or the route of the API; reads and operators are nobody's concern."""
    if not function.startswith(_ENGINE):
        return None
    # some functions carry the stack's short id in front of their name
    name = function.rpartition("-")[2]
    if name != "APIHandler":
        return name
    event = json.loads(payload)
    method = event["requestContext"]["httpMethod"]
    return None if method in _READS else f"{method} {event['requestContext']['resourcePath']}"


def _disturbed(mode: str, call: interception.Call, perform: Perform) -> Any:
    if mode.endswith("after"):
        # what AWS refuses has no effect, and its answer is lost all the same
        with suppress(ClientError):
            perform()
    if mode.startswith("dies"):
        raise ProcessEnded
    raise client_error(call) if mode == "fails before" else never_answered(call)


def _described(operation: str, request: Mapping[str, Any]) -> str:
    """The operation with the kinds of items that it touches, whichever run they belong to."""
    if operation == "TransactWriteItems":
        actions = [next(iter(action.items())) for action in request["TransactItems"]]
        touched = [f"{kind} {_kind(body.get('Key') or body['Item'])}" for kind, body in actions]
        return f"{operation} {', '.join(touched)}"
    if "Key" in request and isinstance(request["Key"], dict):
        return f"{operation} {_kind(request['Key'])}"
    if operation == "Query":
        values = request.get("ExpressionAttributeValues", {})
        return f"{operation} {request.get('IndexName') or _without_ids(next(iter(values.values()))['S'])}"
    return operation


def _kind(key: dict[str, Any]) -> str:
    """An item's key without what differs from run to run."""
    parts = [_without_ids(key[name]["S"]) for name in ("Id", "AssetId", "Kind", "Part") if name in key]
    return "/".join(part for part in parts if part) or "item"


def _without_ids(text: str) -> str:
    return _ID.sub("", text.partition("#")[0])


def _runs_in(request: Mapping[str, Any]) -> list[str]:
    puts = [action["Put"]["Item"] for action in request.get("TransactItems", []) if "Put" in action]
    return [item["Id"]["S"] for item in puts if item.get("Part") == {"S": "execution"}]

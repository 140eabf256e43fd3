"""The JSONata of compiled machines. Expressions look things up by position; no text of a user's occurs in any.

Rules: an expression that yields nothing fails its state (and where a state has no Catch, the execution), so
whatever an operator may have left out is tested first; what an operator returned is dotted into only after its
type is known.
"""

from __future__ import annotations

from chalicelib.definitions.stage_input import branch_key, branch_share

FIRST_POLL_SECONDS = 10
POLL_GROWTH = 1.5
ENTERED = "$states.context.State.EnteredTime"
RETRY_COUNT = "$states.context.State.RetryCount"
EXECUTION = "$states.context.Execution.Name"

_ERROR_BYTES = 2048
"""Room in a failed branch's share for everything but the cause."""
_BYTES_PER_CHARACTER = 6
"""What a character may take at most in JSON text, as an escape."""


def wrapped(expression: str) -> str:
    """An expression as a definition spells it."""
    return "{% " + expression + " %}"


def task_token() -> str:
    """What the Task in which it stands is answered with."""
    return "$states.context.Task.Token"


def decision(position: int) -> str:
    """What the plan says of the branch at a position from 0."""
    return f"{_plan(position)}.Do"


def timeout(position: int) -> str:
    """Seconds that a branch's Task may take."""
    return f"{_plan(position)}.TimeoutSeconds"


def heartbeat(position: int) -> str:
    """Seconds that a branch's Task may be silent."""
    return f"{_plan(position)}.HeartbeatSeconds"


def wait_seconds(position: int) -> str:
    """Seconds after which a Wait is to have been resumed."""
    return f"{_plan(position)}.ExpirySeconds"


def event(position: int) -> str:
    """The operator's event: the branch's own part and the input that all branches share."""
    return f"$merge([{_plan(position)}.Event, {{'Input': $states.input.Input}}])"


def answer(branches: int) -> str:
    """A branch's output out of the function's answer."""
    return _projection("$states.result.Payload", ENTERED, branches)


def told(branches: int) -> str:
    """A branch's output out of what was answered with its task token."""
    return _projection("$states.result", ENTERED, branches)


def last_answer(branches: int) -> str:
    """A branch's output out of the last answer of a polled operation."""
    return _projection("$states.input.Payload", "$states.input.Entered", branches)


def failure(branches: int, entered: str) -> str:
    """A branch's output out of a caught error; the cause is cut to the branch's share."""
    room = branch_share(branches) - _ERROR_BYTES
    cut = room // _BYTES_PER_CHARACTER
    return (
        "("
        " $error := $exists($states.errorOutput.Error) ? $string($states.errorOutput.Error) : 'States.TaskFailed';"
        " $cause := $exists($states.errorOutput.Cause) ? $string($states.errorOutput.Cause) : '';"
        f" {{'Do': 'run',"
        f" 'Failed': {{'Error': $substring($error, 0, 256),"
        f" 'Cause': {_size('[$cause]')} > {room} ? $substring($cause, 0, {cut}) : $cause}},"
        f" 'Entered': {entered}, 'Left': $now()}}"
        " )"
    )


def begun(position: int) -> str:
    """What a polled operation carries from its start: the answer, and when and how often to ask on."""
    plan = _plan(position)
    return (
        f"{{{_answered()},"
        f" 'Entered': {ENTERED},"
        f" 'Timeout': {plan}.TimeoutSeconds,"
        f" 'Deadline': $millis() + 1000 * {plan}.TimeoutSeconds,"
        f" 'PollMax': {plan}.PollMaxSeconds,"
        f" 'Wait': $min([{FIRST_POLL_SECONDS}, {plan}.PollMaxSeconds])}}"
    )


def polled() -> str:
    """What is carried after a poll: the new answer, and a longer wait, though not beyond the deadline."""
    carried = "$states.input"
    longer = f"$ceil({carried}.Wait * {POLL_GROWTH})"
    left = f"$ceil(({carried}.Deadline - $millis()) / 1000)"
    return f"$merge([{carried}, {{{_answered()}, 'Wait': $max([1, $min([{longer}, {carried}.PollMax, {left}])])}}])"


def still_executing() -> str:
    """Whether to poll again."""
    return (
        "$type($states.input.Payload) = 'object'"
        " and $states.input.Payload.Status = 'Executing'"
        " and $millis() < $states.input.Deadline"
    )


def outputs() -> str:
    """The branches' outputs as an array, also when there is one."""
    return "[$states.input]"


def _plan(position: int) -> str:
    return f"$states.input.Plan.{branch_key(position)}"


def _answered() -> str:
    return "'Payload': $exists($states.result.Payload) ? $states.result.Payload : null"


def _projection(result: str, entered: str, branches: int) -> str:
    return (
        "("
        f" $result := {result};"
        " $isObject := $type($result) = 'object';"
        " $kept := $isObject"
        " ? $sift($result, function($value, $key) { $key in ['Status', 'Media', 'MetaData'] }) : {};"
        " $handed := $isObject ? {'Kept': $exists($kept) ? $kept : {}} : {'Result': $result};"
        f" $bytes := {_size('$handed')};"
        f" $merge([{{'Do': 'run', 'Entered': {entered}, 'Left': $now()}},"
        f" $bytes > {branch_share(branches)} ? {{'TooLarge': $bytes}} : $handed])"
        " )"
    )


def _size(value: str) -> str:
    # an upper bound of the UTF-8 bytes, whether regular expressions see UTF-16 units or characters: three for what
    # lies below U+10000, then four or eight for what lies beyond
    below = rf"$replace($string({value}), /[\x80-\uD7FF\uE000-\uFFFF]/, 'xxx')"
    return rf"$length($replace({below}, /[^\x00-\x7F]/, 'xxxx'))"

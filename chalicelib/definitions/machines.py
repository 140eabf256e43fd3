"""State machines of revisions: named after them, made once, never updated.

A machine is noted as retired before it is made; the transaction that lets a definition refer to it takes the note
back. So whatever crashes in between, no machine is forgotten.
"""

from __future__ import annotations

from chalicelib.aws import clock, stepfunctions
from chalicelib.aws.settings import settings
from chalicelib.web.errors import UnavailableError

PATIENCE_SECONDS = 20
_THROTTLING = ("ThrottlingException", "TooManyRequestsException", "RequestLimitExceeded")


def machine_name(name: str, revision_id: str) -> str:
    """64 + 1 + 6 + 1 + 8 characters at most, the limit; a name with a dot can't have logging."""
    return f"{name.replace('.', '-')}-{settings().stack_short_uuid}-{revision_id}"


def machine_arn(name: str, revision_id: str) -> str:
    """The ARN that a revision's machine has or will have."""
    _, partition, _, _, account, _ = settings().workflow_role_arn.split(":", 5)
    return f"arn:{partition}:states:{settings().region}:{account}:stateMachine:{machine_name(name, revision_id)}"


def make(name: str, revision_id: str, definition: str) -> None:
    """Create a revision's machine, patient with throttling (AWS allows about one a second).

    Raises UnavailableError when AWS keeps refusing.
    """
    from botocore.exceptions import ClientError

    tags = {"mediawright": settings().stack_name, "environment": "mie"}
    waited, pause = 0.0, 1.0
    while True:
        try:
            stepfunctions.create_machine(machine_name(name, revision_id), definition, tags)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            if code == "StateMachineLimitExceeded":
                raise UnavailableError("The account has as many state machines as AWS allows") from error
            if code not in _THROTTLING:
                raise
            if waited >= PATIENCE_SECONDS:
                raise UnavailableError("AWS is throttling the creation of state machines; try again later") from error
        else:
            return
        seconds = min(PATIENCE_SECONDS - waited, pause / 2 + clock.jitter(pause / 2))
        clock.sleep(seconds)
        waited, pause = waited + max(seconds, 0.1), min(pause * 2, 8.0)

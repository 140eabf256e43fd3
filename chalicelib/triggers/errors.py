"""What can be wrong with a trigger."""

from __future__ import annotations

from chalicelib.web.errors import ConflictError, NotFoundError, shown


class UnknownTriggerError(NotFoundError):
    """There is no trigger with this id."""

    code = "NotFoundError"

    def __init__(self, trigger_id: str) -> None:
        super().__init__(f"trigger {shown(trigger_id)} not found")


class TakenNameError(ConflictError):
    """Another trigger has the name."""

    code = "ConflictError"

    def __init__(self, name: str) -> None:
        super().__init__(f"Name: there is a trigger named {shown(name)}, or one is being made or deleted")


class ChangeUnderWayError(ConflictError):
    """Another request is changing the trigger, or a trigger of the same topic; or it crashed a moment ago."""

    code = "ConflictError"

    def __init__(self) -> None:
        super().__init__(
            "another change of this trigger, or of one of the same topic, is under way; try again in a minute"
        )


class QuotaError(ConflictError):
    """AWS allows no more of what the trigger needs."""

    code = "ConflictError"

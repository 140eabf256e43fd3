"""The one state machine of all batches: it reads what a batch is made of, and walks over a batch's runs.

Execution names are derived, so that starting twice starts once.
"""

from __future__ import annotations

import logging
from typing import Any, Literal

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.aws import stepfunctions
from chalicelib.aws.settings import settings
from chalicelib.web.documents import compact

Work = Literal["plan", "close", "retry"]

_LOG = logging.getLogger("mediawright.batches")
_STOPPED = "Mediawright.BatchEnded"


def start(batch_id: str, work: Work, round_number: int = 0) -> None:
    """Start a piece of work; what AWS refuses now, the sweep starts."""
    text = compact({"Step": work, "Batch": batch_id, "Round": round_number})
    try:
        stepfunctions.start(settings().batch_machine_arn, execution_name(batch_id, work, round_number), text)
    except (ClientError, BotoCoreError) as error:
        _LOG.warning("starting to %s batch %s is left to the sweep: %s", work, batch_id, type(error).__name__)


def stop_reading(batch_id: str, round_number: int, cause: str) -> None:
    """Stop what reads and submits a batch; the submitting functions notice by the batch's status besides."""
    name = execution_name(batch_id, "plan", round_number)
    try:
        stepfunctions.stop(settings().batch_machine_arn, name, _STOPPED, cause)
    except (ClientError, BotoCoreError) as error:
        _LOG.warning("batch %s stops by its status: %s", batch_id, type(error).__name__)


def told(batch_id: str, work: Work, round_number: int = 0) -> dict[str, Any] | None:
    """What Step Functions says of a piece of work; None when it was never started."""
    return stepfunctions.describe(settings().batch_machine_arn, execution_name(batch_id, work, round_number))


def execution_name(batch_id: str, work: Work, round_number: int = 0) -> str:
    """The name of the execution that does a piece of work."""
    return batch_id if (work, round_number) == ("plan", 0) else f"{batch_id}-{work}-{round_number}"

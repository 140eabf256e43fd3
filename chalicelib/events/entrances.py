"""What AWS invokes of this room: one function per engine Lambda."""

from __future__ import annotations

import logging
from typing import Any

from chalicelib.events import deliveries
from chalicelib.web.errors import shown

_LOG = logging.getLogger("mediawright.events")


def publisher(event: Any) -> dict[str, Any]:
    """A batch of the Executions stream: runs changed, or their time is over."""
    from chalicelib.events.publisher import publish

    return publish(event)


def webhook_delivery(event: Any) -> dict[str, str]:
    """One attempt at one delivery."""
    outcome = deliveries.attempt(event["Name"], event["Attempt"])
    _LOG.info("delivery %s: %s", shown(event["Name"]), outcome)
    return {"Outcome": outcome}


def retry_deliveries() -> int:
    """Every five minutes: deliveries whose next attempt is due; answers how many. Nothing was broken by the engine,
    so it is no repair."""
    attempted = deliveries.retry_due()
    if attempted:
        _LOG.info("%d deliveries were due again", attempted)
    return attempted

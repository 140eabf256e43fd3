"""Dials that make the embedded AWS as unkind as the real one. Production code never reads them."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass
class Faults:
    """What to disturb. Lags and windows are seconds; rates are shares from 0 to 1 of what is concerned."""

    index_lag: float = 0.0
    """Global indexes answer as of so long ago."""

    read_lag: float = 0.0
    """Reads of tables that don't ask for consistency answer as of so long ago."""

    stream_lag: float = 0.0
    """Stream records come so much later."""

    shuffle_stream_records: float = 0.0
    """A window over which the records of different items come in any order; each item's own stay in order."""

    shuffle_within_items: float = 0.0
    """The share of stream records that the window of `shuffle_stream_records` lets overtake their own item's, too."""

    duplicate_stream_records: float = 0.0
    """The share of stream records that come twice."""

    duplicate_events: float = 0.0
    """The share of events that EventBridge hands to a target twice."""

    duplicate_notifications: float = 0.0
    """The share of SNS messages that a subscription gets twice."""

    drop_status_events: float = 0.0
    """The share of Step Functions' status events that never come."""

    transaction_conflicts: float = 0.0
    """The share of transactions that are cancelled by a conflict."""

    expiry_lag: float = 0.0
    """How much longer than its time to live an item stands: on AWS up to days."""

    def reset(self) -> None:
        """Set every dial back to none."""
        for field in fields(self):
            setattr(self, field.name, 0.0)


FAULTS = Faults()

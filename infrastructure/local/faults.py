"""Dials that make the embedded AWS as unkind as the real one. Production code never reads them."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass
class Faults:
    """What to disturb. Lags are seconds; rates are shares from 0 to 1 of the calls concerned."""

    index_lag: float = 0.0
    stream_lag: float = 0.0
    transaction_conflicts: float = 0.0
    duplicate_stream_records: float = 0.0
    drop_status_events: float = 0.0

    def reset(self) -> None:
        """Set every dial back to none."""
        for field in fields(self):
            setattr(self, field.name, 0.0)


FAULTS = Faults()

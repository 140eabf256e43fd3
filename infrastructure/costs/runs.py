"""What a thousand runs of the bench's workflow (two stages of two operations) cost, ours and the old engine's."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from infrastructure.costs.standing import Charge


@dataclass(frozen=True)
class Demand:
    """What one run asks of AWS, by the price of each; its operations' own invocations aside."""

    transition: float
    invocation: float
    write: float
    read: float
    api: float = 1
    publish: float = 0
    event: float = 0
    head: float = 0


OURS = Demand(transition=12, invocation=5, write=41, read=14, publish=3, event=3, head=1)
"""Counted on the embedded AWS, one run at a time; `make bench` prints the same counts."""
OLD = Demand(transition=24, invocation=9, write=400, read=0)
"""Media Insights 5.1.11; its reads and its notifications were not counted, which makes it cheaper here than it is."""


def charges(demand: Demand) -> list[Charge]:
    """What a thousand runs come to."""
    return [Charge(price, 1000 * amount, price) for price, amount in asdict(demand).items() if amount]


def usd(found: list[Charge]) -> float:
    """The sum of charges."""
    return sum(charge.usd for charge in found)

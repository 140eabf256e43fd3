"""`python -m infrastructure.costs`: writes docs/costs.md, or with --check fails when the committed one is stale."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from infrastructure.committed import PROJECT, write_or_check
from infrastructure.costs import runs, standing
from infrastructure.costs.prices import NOTED, PRICES
from infrastructure.costs.standing import Charge, Pass
from infrastructure.template.expand import expanded

COMMITTED = PROJECT / "docs" / "costs.md"

IDLE = Pass(reads=26.5, writes=1, requests=31, log_bytes=500, seconds=0.125)
"""Counted on the embedded AWS but for the time, which nobody could measure: 4 ms for each request is assumed."""

_HEAD = f"""# Costs

Generated from the template and from what is counted, by `python -m infrastructure.costs`. List prices of us-east-1
in USD as noted on {NOTED}, without any free allowance; look at AWS's own pages before you count on them.

## At rest

A stack with default parameters, in a month of 730 hours in which nobody uses it. Besides this only stored bytes
cost anything: tables, their backups, the bucket. Lambda's and CloudWatch's free allowances would cover all but the
reads and writes.

"""

_IDLE = """
The sweep is the one timer; every five minutes it looks for what a crash may have left. How long Lambda bills it for
is an assumption, 4 ms for each of its 31 requests; everything else is counted. Reading the tables' streams costs
nothing (Lambda's own reads of them are free), and metrics are paid by the hour in which they are reported: at rest
none is.

What parameters add: `AlarmEmail` 0.10 USD for each metric that an alarm looks at, `DeployDashboard` 3.00,
`DeployAnalyticsPipeline` 29.20 for the stream, a `KmsKeyArn` of your own 1.00; in use, 0.30 USD for each metric
that is reported all month, of which there are eight at most.

## Runs

A thousand runs of two stages with two operations each, beside the old engine (Media Insights 5.1.11, whose reads
and notifications were not counted). Lambda's time is not in it: your operations decide it, for both.

"""


def page() -> str:
    """The page as it is to be committed."""
    idle = standing.charges(expanded(PROJECT), IDLE)
    return "\n".join([_HEAD + "\n".join(_idle(idle)), _IDLE + "\n".join(_runs()), "\n" + "\n".join(_prices()), ""])


def _idle(charges: list[Charge]) -> Iterator[str]:
    yield "| | amount | USD a month |"
    yield "|---|---|---|"
    for charge in charges:
        yield f"| {charge.what} | {charge.amount:,.4g} x {PRICES[charge.price].unit} | {charge.usd:.4f} |"
    yield f"| **together** | | **{runs.usd(charges):.3f}** |"


def _runs() -> Iterator[str]:
    ours, old = ({charge.price: charge for charge in runs.charges(one)} for one in (runs.OURS, runs.OLD))
    yield "| of 1,000 runs | Mediawright | USD | Media Insights | USD |"
    yield "|---|---|---|---|---|"
    for price in ours:
        cells = [f"{one[price].amount:,.0f} | {one[price].usd:.4f}" if price in one else " | " for one in (ours, old)]
        yield f"| {PRICES[price].unit} | {' | '.join(cells)} |"
    sums = [runs.usd(list(one.values())) for one in (ours, old)]
    yield f"| **together** | | **{sums[0]:.3f}** | | **{sums[1]:.3f}** |"
    yield f"\nThat is {100 * sums[0] / sums[1]:.0f} % of it."


def _prices() -> Iterator[str]:
    yield "## Prices\n"
    yield "| | USD | page of aws.amazon.com |"
    yield "|---|---|---|"
    for price in PRICES.values():
        yield f"| {price.unit} | {price.usd:.10f}".rstrip("0").rstrip(".") + f" | {price.page} |"


def main() -> int:
    """Exit status 1 when --check finds a difference."""
    return write_or_check(COMMITTED, page(), "costs")


if __name__ == "__main__":
    sys.exit(main())

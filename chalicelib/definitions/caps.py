"""Caps on how many runs may use an operation or a workflow at a time, where those who admit runs read them.

Two items of the Executions table for each capped pool (`operation:<name>`, `workflow:<name>`):
  Id=`pool#<pool>`, Part=`pool`, `Max`   the pool's head; admission reads `Max`, and its change wakes the scheduler
  Id=`pools`, Part=`<pool>`              the register of capped pools, so that they can be gone through
They are written in the transaction that changes the definition, so they are what it says. A pool without a head has
no cap: runs admitted under one that was taken back give their slots back as they end.
"""

from __future__ import annotations

from typing import Literal

from chalicelib.aws import transaction
from chalicelib.aws.settings import settings
from chalicelib.aws.transaction import Write

MAX_WRITES = 2
"""How many writes `writes` answers at most."""


def pool(kind: Literal["operation", "workflow"], name: str) -> str:
    """What the pool of a definition is called."""
    return f"{kind}:{name}"


def writes(of: str, before: int | None, after: int | None) -> list[Write]:
    """The writes that change a pool's cap, none when it stays as it is."""
    if before == after:
        return []
    table = settings().executions_table
    head, entry = {"Id": f"pool#{of}", "Part": "pool"}, {"Id": "pools", "Part": of}
    if after is None:
        return [transaction.delete(table, head), transaction.delete(table, entry)]
    return [transaction.update(table, head, {"Max": after}), transaction.put(table, entry)]

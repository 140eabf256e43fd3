"""The embedded Step Functions: moto's executing parser with all its mends."""

from __future__ import annotations

from infrastructure.local.invocation import Invoke
from infrastructure.local.states import (
    attempts,
    cache,
    definition,
    distributed_map,
    events,
    executions,
    jsonata,
    lambda_tasks,
    limits,
    meter,
    responses,
    sharing,
    threads,
    timeouts,
    timers,
    tokens,
)
from infrastructure.local.states.events import Publish


def install(invoke: Invoke, publish: Publish) -> None:
    """Mend moto for this process; later calls only replace the two functions."""
    jsonata.install()
    sharing.install()
    threads.install()
    timers.install()
    timeouts.install()
    tokens.install()
    attempts.install()
    lambda_tasks.install(invoke)
    distributed_map.install()
    cache.install()
    limits.install()
    executions.install()
    definition.install()
    responses.install()
    events.install(publish)
    meter.install()


def stop() -> None:
    """End every execution, so that none waits on in an account that is gone."""
    executions.abandon()

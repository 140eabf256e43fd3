"""The embedded Step Functions: moto's executing parser with all its mends."""

from __future__ import annotations

from infrastructure.local import (
    states_attempts,
    states_cache,
    states_clock,
    states_definition,
    states_events,
    states_executions,
    states_jsonata,
    states_lambda,
    states_limits,
    states_meter,
    states_responses,
    states_sharing,
    states_threads,
    states_tokens,
)
from infrastructure.local.invocation import Invoke
from infrastructure.local.states_events import Publish


def install(invoke: Invoke, publish: Publish) -> None:
    """Mend moto for this process; later calls only replace the two functions."""
    states_jsonata.install()
    states_sharing.install()
    states_threads.install()
    states_clock.install()
    states_tokens.install()
    states_attempts.install()
    states_lambda.install(invoke)
    states_cache.install()
    states_limits.install()
    states_executions.install()
    states_definition.install()
    states_responses.install()
    states_events.install(publish)
    states_meter.install()

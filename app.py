"""The Chalice app: mounts every room and names every Lambda."""

from __future__ import annotations

from typing import Any

from chalice.app import Chalice

from chalicelib.accounts.routes import routes as accounts
from chalicelib.assets.routes import routes as assets
from chalicelib.aws import logs
from chalicelib.aws.invocation import observed
from chalicelib.batches.routes import routes as batches
from chalicelib.definitions import live
from chalicelib.definitions.routes import routes as definitions
from chalicelib.events.routes import routes as events
from chalicelib.executions import close, listing
from chalicelib.executions.routes import routes as executions
from chalicelib.jobs.operations import routes as operations
from chalicelib.jobs.routes import routes as jobs
from chalicelib.proxies.transcribe import routes as transcribe
from chalicelib.proxies.translate import routes as translate
from chalicelib.system.routes import routes as system
from chalicelib.triggers.routes import routes as triggers
from chalicelib.web.docs import routes as docs
from chalicelib.web.forms import MULTIPART

app = Chalice(app_name="mediawright", configure_logs=False)
logs.install()
# a form's files reach the function byte for byte
app.api.binary_types = [*app.api.binary_types, MULTIPART]
views = (accounts, jobs, operations)
for room in (system, definitions, executions, batches, triggers, assets, events, transcribe, translate, *views, docs):
    app.register_blueprint(room)


live.register(listing.live_runs, close.cancel_with_workflow)


@app.lambda_function(name="DataPlaneHandler")
@observed
def data_plane_handler(event: Any, context: Any) -> Any:
    """What operators invoke: the data plane's routes and no others."""
    from chalicelib.assets.dataplane_handler import handle

    return handle(event, context, app)


@app.lambda_function(name="StageCompletion")
@observed
def stage_completion(event: Any, _context: Any) -> Any:
    """The state machines' task after every stage."""
    from chalicelib.executions.entrances import stage_completion as entrance

    return entrance(event)


@app.lambda_function(name="TaskTokens")
@observed
def task_tokens(event: Any, _context: Any) -> Any:
    """The state machines' task for an operation that waits to be resumed or called back."""
    from chalicelib.executions.entrances import task_tokens as entrance

    return entrance(event)


@app.lambda_function(name="Scheduler")
@observed
def scheduler(event: Any, _context: Any) -> Any:
    """The Executions stream: a run waits, a slot is free, a cap changed."""
    from chalicelib.executions.entrances import scheduler as entrance

    return entrance(event)


@app.lambda_function(name="StatusChange")
@observed
def status_change(event: Any, _context: Any) -> Any:
    """A state machine execution failed, timed out or was stopped."""
    from chalicelib.executions.entrances import status_change as entrance

    return entrance(event)


@app.lambda_function(name="Sweep")
@observed
def sweep(event: Any, _context: Any) -> Any:
    """Every five minutes: repair what a crash left behind, in every room, and try again to reach webhooks."""
    from chalicelib.batches.entrances import sweeping as batches
    from chalicelib.events.entrances import retry_deliveries
    from chalicelib.executions.entrances import sweeping
    from chalicelib.system.parameters import sweep as parameters
    from chalicelib.triggers.entrances import sweeping as triggers

    try:
        attempted = retry_deliveries()
    finally:
        # the failure of either keeps the other from nothing
        repaired = sweeping(event, [parameters, batches, triggers])
    return {"Repairs": repaired, "DeliveriesAttempted": attempted}


@app.lambda_function(name="Publisher")
@observed
def publisher(event: Any, _context: Any) -> Any:
    """The Executions stream: a run's status changed, or its time was over."""
    from chalicelib.events.entrances import publisher as entrance

    return entrance(event)


@app.lambda_function(name="AnalyticsStream")
@observed
def analytics_stream(event: Any, _context: Any) -> Any:
    """The Assets stream, where the analytics stream is deployed: an asset or an operator's metadata changed."""
    from chalicelib.analytics.feed import feed

    return feed(event)


@app.lambda_function(name="WebhookDelivery")
@observed
def webhook_delivery(event: Any, _context: Any) -> Any:
    """One attempt to tell a webhook of an event."""
    from chalicelib.events.entrances import webhook_delivery as entrance

    return entrance(event)


@app.lambda_function(name="Trigger")
@observed
def trigger(event: Any, _context: Any) -> Any:
    """An object arrived, an event came, a topic spoke, or the clock struck: a trigger's workflow is run."""
    from chalicelib.triggers.entrances import trigger as entrance

    return entrance(event)


@app.lambda_function(name="WorkflowCustomResource")
@observed
def workflow_custom_resource(event: Any, context: Any) -> Any:
    """CloudFormation makes, changes or deletes a definition that a stack brings."""
    from chalicelib.resources.entrances import custom_resource as entrance

    return entrance(event, context)


@app.lambda_function(name="BatchItems")
@observed
def batch_items(event: Any, _context: Any) -> Any:
    """The tasks of the batches' state machine."""
    from chalicelib.batches.entrances import batch_items as entrance

    return entrance(event)

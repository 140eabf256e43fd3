"""A small project with the real `cfn/`: every engine function, a few routes."""

from __future__ import annotations

import json
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]

APP = """
import time

from chalice import Chalice, IAMAuthorizer, Response

app = Chalice(app_name="mediawright")
iam = IAMAuthorizer()


@app.route("/")
def index():
    return {"hello": "world"}


@app.route("/version", cors=True, authorizer=iam)
def version():
    return {"ApiVersion": "3.0.0"}


@app.route("/echo/{name}", methods=["POST"], cors=True, authorizer=iam)
def echo(name):
    request = app.current_request
    time.sleep(0.002)
    return {"name": name, "body": app.current_request.raw_body.decode(), "same": request is app.current_request}


@app.route("/huge", cors=True, authorizer=iam)
def huge():
    return {"text": "x" * 7_000_000}


@app.route("/environment", cors=True, authorizer=iam)
def environment():
    import os

    return {name: os.environ.get(name) for name in ("EXECUTIONS_TABLE", "STACK_NAME", "STAGE_COMPLETION_ARN")}


@app.route("/bucket/{key}", methods=["POST"], cors=True, authorizer=iam)
def store(key):
    import os

    import boto3

    boto3.client("s3").put_object(Bucket=os.environ["DATA_BUCKET"], Key=key, Body=app.current_request.raw_body)
    return {}
"""

FUNCTION = """

@app.lambda_function(name="{name}")
def {function}(event, context):
    return {{"function": context.function_name, "event": event}}
"""

FUNCTIONS = {
    "DataPlaneHandler": "data_plane_handler",
    "StageCompletion": "stage_completion",
    "Scheduler": "scheduler",
    "StatusChange": "status_change",
    "Sweep": "sweep",
    "TaskTokens": "task_tokens",
    "Publisher": "publisher",
    "AnalyticsStream": "analytics_stream",
    "WebhookDelivery": "webhook_delivery",
    "Trigger": "trigger",
    "BatchItems": "batch_items",
    "WorkflowCustomResource": "workflow_custom_resource",
}


def write(folder: Path, functions: dict[str, str] | None = None) -> Path:
    """Make the project in a folder; its `cfn/` is a copy that a test may change."""
    declared = FUNCTIONS if functions is None else functions
    text = APP + "".join(FUNCTION.format(name=name, function=code) for name, code in declared.items())
    (folder / "app.py").write_text(text, encoding="utf-8")
    for name in ("cfn", ".chalice"):
        (folder / name).mkdir()
        for file in (REPOSITORY / name).iterdir():
            if file.is_file():
                (folder / name / file.name).write_bytes(file.read_bytes())
    return folder


def add_operator(project: Path, folder: str, operations: object) -> None:
    """Give the project an operator folder with an `operation.json`."""
    path = project / "operators" / "media" / folder
    path.mkdir(parents=True)
    (path / "operation.json").write_text(json.dumps(operations), encoding="utf-8")

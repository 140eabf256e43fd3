"""Registers at a Mediawright stack what an old stack of Media Insights holds. May be repeated.

python move.py OLD_WORKFLOW_API_ENDPOINT NEW_WORKFLOW_API_ENDPOINT REGION
"""

import json
import os
import sys

import requests
from requests_aws4auth import AWS4Auth

if len(sys.argv) != 4:
    sys.exit(__doc__)
old, new, region = (argument.rstrip("/") for argument in sys.argv[1:])
keys = [os.environ[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
auth = AWS4Auth(*keys, region, "execute-api", session_token=os.environ.get("AWS_SESSION_TOKEN"))
refused = []


def number(text: str) -> float:
    """The old engine answers 5 as 5.0."""
    return int(float(text)) if float(text).is_integer() else float(text)


def held(path: str) -> list:
    """A list of the old engine's."""
    answer = requests.get(f"{old}/{path}", auth=auth, timeout=60)
    answer.raise_for_status()
    return json.loads(answer.text, parse_float=number)


def register(path: str, body: dict) -> None:
    """Register a definition; what has its name already is left as it is."""
    answer = requests.post(f"{new}/{path}", json=body, auth=auth, timeout=60)
    outcome = {200: "is registered", 409: "is there already"}.get(answer.status_code)
    if outcome is None:
        outcome = f"is refused: {answer.text}"
        refused.append(body["Name"])
    print(f"{path} {body['Name']} {outcome}")


def picked(document: dict, *names: str) -> dict:
    """What was sent to make a definition, without what the old engine added."""
    return {name: document[name] for name in names if name in document}


for operation in held("workflow/operation"):
    if operation["Name"] != "Wait":  # built in
        members = ("Name", "Type", "Configuration", "StartLambdaArn", "MonitorLambdaArn")
        register("workflow/operation", picked(operation, *members))
for stage in held("workflow/stage"):
    if not stage["Name"].startswith("_"):  # made with their operations
        register("workflow/stage", picked(stage, "Name", "Operations"))
for workflow in held("workflow"):
    stages = {name: picked(stage, "Next", "End") for name, stage in workflow["Stages"].items()}
    register("workflow", {**picked(workflow, "Name", "StartAt"), "Stages": stages})
sys.exit(f"refused: {', '.join(refused)}" if refused else 0)

"""A workflow run on every line of a manifest: made, followed, retried. `python batch.py WORKFLOW BUCKET MANIFEST`."""

import os
import sys
import time

import requests
from requests_aws4auth import AWS4Auth

endpoint = os.environ.get("MEDIAWRIGHT_ENDPOINT", "http://127.0.0.1:8000/api").rstrip("/") + "/"
keys = [os.environ.get(name, "test") for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
auth = AWS4Auth(*keys, "us-east-1", "execute-api")
workflow, bucket, manifest = sys.argv[1:]


def ask(method: str, path: str, body: object = None, **headers: str) -> dict:
    """Send a signed request and answer its document; an error is raised with its reason."""
    answer = requests.request(method, endpoint + path, json=body, headers=headers, auth=auth, timeout=30)
    if not answer.ok:
        raise SystemExit(f"{answer.status_code} {answer.text}")
    return answer.json()


def followed(batch: dict) -> dict:
    """The batch once it is over."""
    while batch["Status"] in ("Checking", "Submitting", "Running"):
        time.sleep(0.2)
        batch = ask("GET", f"workflow/execution/batch/{batch['Id']}")
    return batch


request = {
    "Name": workflow,
    "Manifest": {"S3Bucket": bucket, "S3Key": manifest},
    "OnBadLine": "skip",
    "ToleratedFailurePercentage": 50,
}
# sent again with the same key, the request makes no second batch
key = {"Idempotency-Key": f"{workflow} {manifest}".replace(" ", "-")}
batch = followed(ask("POST", "workflow/execution/batch", request, **key))
print(batch["Status"], batch["Counts"])
for line in batch.get("BadLines", []):
    print(f"line {line['Line']}: {line['Message']}")

if batch["Counts"]["Error"]:
    batch = followed(ask("POST", f"workflow/execution/batch/{batch['Id']}/retry"))
    print("retried:", batch["Status"], batch["Counts"])

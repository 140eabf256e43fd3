"""A run from its upload to its deletion, with `requests` and nothing of Mediawright's."""

import os
import time

import requests
from requests_aws4auth import AWS4Auth

endpoint = os.environ.get("MEDIAWRIGHT_ENDPOINT", "http://127.0.0.1:8000/api").rstrip("/") + "/"
keys = [os.environ.get(name, "test") for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")]
auth = AWS4Auth(*keys, "us-east-1", "execute-api")


def ask(method: str, path: str, body: object = None) -> object:
    """Send a signed request and answer its document; an error is raised with its reason."""
    answer = requests.request(method, endpoint + path, json=body, auth=auth, timeout=30)
    if not answer.ok:
        raise SystemExit(f"{answer.status_code} {answer.text}")
    return answer.json()


place = {"S3Bucket": ask("GET", "mediapath/any/any")["S3Bucket"], "S3Key": "upload/hello.txt"}
form = ask("POST", "upload", place)
requests.post(form["url"], data=form["fields"], files={"file": b"hello hello world"}, timeout=30).raise_for_status()

run = ask("POST", "workflow/execution", {"Name": "read", "Input": {"Media": {"Text": place}}})
while run["Status"] not in ("Complete", "Error", "Canceled"):
    time.sleep(0.1)
    run = ask("GET", f"workflow/execution/{run['Id']}")
print(run["Status"], run["Globals"]["MetaData"])

print(ask("GET", f"metadata/{run['AssetId']}/words")["results"])
print("deleted", ask("DELETE", f"workflow/execution/{run['Id']}")["Id"])

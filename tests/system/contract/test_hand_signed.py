"""The old engine's documented clients: `requests`, and a signature made by hand of host, date and body alone.

Its developer's guide shows two: one lists the workflows at `/api/workflow/`, with a slash at the end, one posts a
run.
The signature is computed here after AWS's description of Signature Version 4, without a library.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests

from infrastructure.local.embedded import REGION
from tests.system.conftest import ENDED, Engine
from tests.system.contract.conftest import fresh

# the fixture is requested by its name
from tests.system.contract.test_signatures import strict as strict

SCOPE = f"{REGION}/execute-api/aws4_request"


def signed(
    engine: Engine, method: str, path: str, query: str = "", body: str = "", age: timedelta = timedelta()
) -> requests.PreparedRequest:
    """A request as those clients make it."""
    host = urlsplit(engine.aws.api_url).netloc
    keys = engine.aws.credentials
    moment = (datetime.now(UTC) - age).strftime("%Y%m%dT%H%M%SZ")
    scope = f"{moment[:8]}/{SCOPE}"
    payload = hashlib.sha256(body.encode()).hexdigest()
    names = "host;x-amz-date"
    canonical = "\n".join([method, path, query, f"host:{host}", f"x-amz-date:{moment}", "", names, payload])
    text = "\n".join(["AWS4-HMAC-SHA256", moment, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = f"AWS4{keys.secret_key}".encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    signature = hmac.new(key, text.encode(), "sha256").hexdigest()
    headers = {
        "Content-Type": "application/json",
        "x-amz-date": moment,
        "Authorization": f"AWS4-HMAC-SHA256 Credential={keys.access_key}/{scope}, "
        f"SignedHeaders={names}, Signature={signature}",
    }
    address = f"http://{host}{path}" + (f"?{query}" if query else "")
    return requests.Request(method, address, headers=headers, data=body or None).prepare()


def send(request: requests.PreparedRequest) -> requests.Response:
    with requests.Session() as session:
        return session.send(request, timeout=30)


def status(request: requests.PreparedRequest) -> int:
    return send(request).status_code


def test_the_get_of_the_old_guide_lists_workflows(engine: Engine, strict: Engine) -> None:
    workflow = engine_workflow(engine)

    answer = send(signed(engine, "GET", "/api/workflow/"))

    assert answer.status_code == 200, answer.text
    assert workflow in [entry["Name"] for entry in answer.json()]


def test_the_post_of_the_old_guide_runs_a_workflow_on_an_object(engine: Engine, strict: Engine) -> None:
    body = json.dumps({"Name": engine_workflow(engine), "Input": engine.video()})

    answer = send(signed(engine, "POST", "/api/workflow/execution", body=body))

    assert answer.status_code == 200, answer.text
    path = f"/api/workflow/execution/{answer.json()['Id']}"
    ended = engine.until(lambda: send(signed(engine, "GET", path)).json(), lambda run: run["Status"] in ENDED)
    assert ended["Status"] == "Complete"


def engine_workflow(engine: Engine) -> str:
    """A workflow of one operation, made with requests signed the same way."""
    names = {kind: fresh(kind) for kind in ("operation", "stage", "workflow")}
    bodies: list[tuple[str, Any]] = [
        (
            "workflow/operation",
            {
                "Name": names["operation"],
                "Type": "Sync",
                "Configuration": {"MediaType": "Video", "Enabled": True},
                "StartLambdaArn": engine.function("echo"),
            },
        ),
        ("workflow/stage", {"Name": names["stage"], "Operations": [names["operation"]]}),
        (
            "workflow",
            {"Name": names["workflow"], "StartAt": names["stage"], "Stages": {names["stage"]: {"End": True}}},
        ),
    ]
    for path, body in bodies:
        answer = send(signed(engine, "POST", f"/api/{path}", body=json.dumps(body)))
        assert answer.status_code == 200, answer.text
    return names["workflow"]


def altered_body(engine: Engine) -> requests.PreparedRequest:
    request = signed(engine, "POST", "/api/system/configuration", body='{"Name": "x", "Value": 1}')
    request.body = '{"Name": "x", "Value": 2}'
    return request


def altered_query(engine: Engine) -> requests.PreparedRequest:
    request = signed(engine, "GET", "/api/workflow/execution", query="limit=1")
    assert request.url
    request.url = request.url.replace("limit=1", "limit=2")
    return request


def added_query(engine: Engine) -> requests.PreparedRequest:
    request = signed(engine, "DELETE", "/api/workflow/nobody")
    request.url = f"{request.url}?force=true"
    return request


def altered_path(engine: Engine) -> requests.PreparedRequest:
    request = signed(engine, "GET", "/api/workflow")
    request.url = f"{request.url}/stage"
    return request


def altered_method(engine: Engine) -> requests.PreparedRequest:
    request = signed(engine, "GET", "/api/workflow/nobody")
    request.method = "DELETE"
    return request


def altered_date(engine: Engine) -> requests.PreparedRequest:
    request = signed(engine, "GET", "/api/workflow")
    later = datetime.now(UTC) + timedelta(seconds=30)
    request.headers["x-amz-date"] = later.strftime("%Y%m%dT%H%M%SZ")
    return request


def wrong_secret(engine: Engine) -> requests.PreparedRequest:
    request = signed(engine, "GET", "/api/workflow")
    request.headers["Authorization"] = request.headers["Authorization"][:-8] + "00000000"
    return request


def unknown_key(engine: Engine) -> requests.PreparedRequest:
    request = signed(engine, "GET", "/api/workflow")
    key = engine.aws.credentials.access_key
    request.headers["Authorization"] = request.headers["Authorization"].replace(key, "AKIAUNKNOWN")
    return request


def stale(engine: Engine) -> requests.PreparedRequest:
    return signed(engine, "GET", "/api/workflow", age=timedelta(minutes=6))


def from_the_future(engine: Engine) -> requests.PreparedRequest:
    return signed(engine, "GET", "/api/workflow", age=timedelta(minutes=-6))


def other_service(engine: Engine) -> requests.PreparedRequest:
    request = signed(engine, "GET", "/api/workflow")
    request.headers["Authorization"] = request.headers["Authorization"].replace("execute-api", "s3")
    return request


FORGERIES = (
    altered_body,
    altered_query,
    added_query,
    altered_path,
    altered_method,
    altered_date,
    wrong_secret,
    unknown_key,
    stale,
    from_the_future,
    other_service,
)


@pytest.mark.parametrize("forge", FORGERIES, ids=lambda forge: forge.__name__)
def test_what_is_not_as_it_was_signed_is_forbidden(engine: Engine, strict: Engine, forge: Any) -> None:
    assert status(forge(engine)) == 403


def test_a_date_of_a_few_minutes_ago_passes(engine: Engine, strict: Engine) -> None:
    assert status(signed(engine, "GET", "/api/workflow", age=timedelta(minutes=4))) == 200


def test_the_same_query_as_signed_passes(engine: Engine, strict: Engine) -> None:
    assert status(signed(engine, "GET", "/api/workflow/execution", query="limit=1")) == 200

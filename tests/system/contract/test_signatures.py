"""Requests signed with SigV4 by `requests` and `requests_aws4auth`, as the old engine's own tests did."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from requests_aws4auth import AWS4Auth

from infrastructure.local.embedded import REGION, KeyStore
from tests.system.conftest import ENDED, Engine
from tests.system.contract.conftest import fresh


@pytest.fixture
def strict(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    """The engine, whose API verifies signatures as with AUTH=1 while the test runs."""
    [gateway] = [server.gateway for server in engine.aws._running if hasattr(server, "gateway")]
    monkeypatch.setattr(engine.aws, "_keys", KeyStore(engine.aws.credentials))
    monkeypatch.setattr(gateway, "_verify", engine.aws._verify)
    yield engine
    monkeypatch.undo()


class Client:
    """The old tests' way to call: the stack's output with its slash, and a path that begins with another."""

    def __init__(self, engine: Engine, secret: str | None = None) -> None:
        keys = engine.aws.credentials
        self.endpoint = engine.aws.outputs["WorkflowApiEndpoint"]
        self._auth = AWS4Auth(keys.access_key, secret or keys.secret_key, REGION, "execute-api")

    def send(self, method: str, path: str, body: Any = None) -> requests.Response:
        return requests.request(method, self.endpoint + path, auth=self._auth, json=body, timeout=30)

    def ok(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.send(method, path, body)
        assert answer.status_code == 200, f"{method} {path}: {answer.text}"
        return answer.json()


def operation_body(function: str) -> dict[str, Any]:
    return {
        "Name": fresh("video-test-sync"),
        "Type": "Sync",
        "Configuration": {"MediaType": "Video", "Enabled": True},
        "StartLambdaArn": function,
    }


def test_a_signed_client_makes_runs_and_deletes_over_doubled_slashes(engine: Engine, strict: Engine) -> None:
    client, body = Client(engine), operation_body(engine.function("echo"))
    place = engine.video()
    stage, workflow = fresh("st"), fresh("wf")

    operation = client.ok("POST", "/workflow/operation", body)
    client.ok("POST", "/workflow/stage", {"Name": stage, "Operations": [operation["Name"]]})
    client.ok("POST", "/workflow", {"Name": workflow, "StartAt": stage, "Stages": {stage: {"End": True}}})
    run = client.ok("POST", "/workflow/execution", {"Name": workflow, "Input": place})
    ended = engine.until(
        lambda: client.ok("GET", f"/workflow/execution/{run['Id']}"), lambda found: found["Status"] in ENDED
    )

    assert ended["Status"] == "Complete"
    for path in (
        f"/workflow/execution/{run['Id']}",
        f"/workflow/{workflow}",
        f"/workflow/stage/{stage}",
        f"/workflow/operation/{operation['Name']}",
    ):
        client.ok("DELETE", path)
        assert client.send("GET", path).status_code == 404


def test_a_signed_client_uses_the_data_plane_with_one_slash_and_with_two(engine: Engine, strict: Engine) -> None:
    client = Client(engine)
    asset_id = asset_of(client, engine)
    for slash in ("", "/"):
        stored = {"OperatorName": "labels", "WorkflowId": "w", "Results": {"text": "a&b=c d/é"}}
        assert client.ok("POST", f"{slash}metadata/{asset_id}", stored)["Status"] == "Success"
        assert client.ok("GET", f"{slash}metadata/{asset_id}/labels")["results"] == {"text": "a&b=c d/é"}
        paged = client.ok("POST", f"{slash}metadata/{asset_id}?paginated=true&end=true", stored)
        assert paged["Status"] == "Success"
        assert client.ok("GET", f"{slash}workflow/operation?limit=1")


def asset_of(client: Client, engine: Engine) -> str:
    key = f"uploads/{fresh()}.mp4"
    engine.aws.client("s3").put_object(Bucket=engine.bucket, Key=key, Body=b"video")
    made: str = client.ok("POST", "/create", {"Input": {"S3Bucket": engine.bucket, "S3Key": key}})["AssetId"]
    return made


def test_a_wrong_secret_an_altered_body_and_no_signature_are_refused(engine: Engine, strict: Engine) -> None:
    wrong = Client(engine, secret="not the secret")
    assert wrong.send("GET", "/workflow").status_code == 403

    keys = engine.aws.credentials
    auth = AWS4Auth(keys.access_key, keys.secret_key, REGION, "execute-api")
    signed = requests.Request(
        "POST", wrong.endpoint + "system/configuration", auth=auth, json={"Name": "x", "Value": 1}
    ).prepare()
    assert isinstance(signed.body, bytes)
    signed.body = signed.body.replace(b"1", b"2")
    with requests.Session() as session:
        assert session.send(signed).status_code == 403

    for path in ("version", "workflow", "metadata", "system/health", "checkouts"):
        answer = engine.http.get(path)
        assert (answer.status_code, answer.json()) == (403, {"message": "Missing Authentication Token"}), path


def test_hello_needs_no_signature(engine: Engine, strict: Engine) -> None:
    assert engine.http.get("").status_code == 200


def test_assets_are_listed_to_a_signed_client(engine: Engine, strict: Engine) -> None:
    made = asset_of(Client(engine), engine)

    assert made in Client(engine).ok("GET", "/metadata")["assets"]

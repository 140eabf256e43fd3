from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
from botocore.credentials import Credentials
from fake_api import SECRETS, FakeApi, Reply

from mediawright.client import ApiError, Client, ConnectionFailed, InvalidArgument
from mediawright.errors import NotConfigured

RUN = {"Id": "r", "Status": "Queued"}
PLACE = {"S3Bucket": "b", "S3Key": "k"}
MEDIA = {"Video": PLACE}

CALLS: list[tuple[str, Callable[[Client], Any], str, str, dict[str, str], Any]] = [
    ("version", lambda c: c.version(), "GET", "/version", {}, None),
    ("set_configuration", lambda c: c.set_configuration("MaxConcurrentWorkflows", 5),
     "POST", "/system/configuration", {}, {"Name": "MaxConcurrentWorkflows", "Value": 5}),
    ("create_operation", lambda c: c.create_operation({"Name": "o", "x": 0.1}),
     "POST", "/workflow/operation", {}, {"Name": "o", "x": 0.1}),
    ("create_operation, dry", lambda c: c.create_operation({"Name": "o"}, dry_run=True),
     "POST", "/workflow/operation", {"dryRun": "true"}, {"Name": "o"}),
    ("update_operation", lambda c: c.update_operation({"Name": "o"}, dry_run=True),
     "PUT", "/workflow/operation", {"dryRun": "true"}, {"Name": "o"}),
    ("operation", lambda c: c.operation("o"), "GET", "/workflow/operation/o", {}, None),
    ("delete_operation", lambda c: c.delete_operation("o"), "DELETE", "/workflow/operation/o", {}, None),
    ("delete_operation, forced", lambda c: c.delete_operation("o", force=True),
     "DELETE", "/workflow/operation/o", {"force": "true"}, None),
    ("create_stage", lambda c: c.create_stage({"Name": "s", "Operations": ["o"]}),
     "POST", "/workflow/stage", {}, {"Name": "s", "Operations": ["o"]}),
    ("update_stage", lambda c: c.update_stage({"Name": "s"}), "PUT", "/workflow/stage", {}, {"Name": "s"}),
    ("stage", lambda c: c.stage("_o"), "GET", "/workflow/stage/_o", {}, None),
    ("delete_stage", lambda c: c.delete_stage("s", force=True),
     "DELETE", "/workflow/stage/s", {"force": "true"}, None),
    ("create_workflow", lambda c: c.create_workflow({"Name": "w"}, dry_run=True),
     "POST", "/workflow", {"dryRun": "true"}, {"Name": "w"}),
    ("update_workflow", lambda c: c.update_workflow({"Name": "w"}), "PUT", "/workflow", {}, {"Name": "w"}),
    ("workflow", lambda c: c.workflow("w"), "GET", "/workflow/w", {}, None),
    ("delete_workflow", lambda c: c.delete_workflow("w"), "DELETE", "/workflow/w", {}, None),
    ("workflow_configuration", lambda c: c.workflow_configuration("w"),
     "GET", "/workflow/configuration/w", {}, None),
    ("start on media", lambda c: c.start("w", media=MEDIA, configuration={"s": {"o": {"Enabled": False}}}),
     "POST", "/workflow/execution", {},
     {"Name": "w", "Input": {"Media": MEDIA}, "Configuration": {"s": {"o": {"Enabled": False}}}}),
    ("start on an asset", lambda c: c.start("w", asset_id="a", dry_run=True),
     "POST", "/workflow/execution", {"dryRun": "true"}, {"Name": "w", "Input": {"AssetId": "a"}}),
    ("start a stage", lambda c: c.start(stage="s", asset_id="a"),
     "POST", "/workflow/execution", {}, {"Stage": "s", "Input": {"AssetId": "a"}}),
    ("execution", lambda c: c.execution("r"), "GET", "/workflow/execution/r", {}, None),
    ("start with everything", lambda c: c.start("w", asset_id="a", priority=0, timeout_seconds=60,
                                                timeouts={"s": {"o": 5}}, webhook={"Url": "u", "Secret": "x"}),
     "POST", "/workflow/execution", {},
     {"Name": "w", "Input": {"AssetId": "a"}, "Priority": 0, "TimeoutSeconds": 60, "Timeouts": {"s": {"o": 5}},
      "Webhook": {"Url": "u", "Secret": "x"}}),
    ("health", lambda c: c.health(), "GET", "/system/health", {}, None),
    ("resume", lambda c: c.resume("r", "s"), "PUT", "/workflow/execution/r", {}, {"WaitingStageName": "s"}),
    ("resume an operation", lambda c: c.resume("r", "s", operation="o", reason="fine", dry_run=True),
     "PUT", "/workflow/execution/r", {"dryRun": "true"},
     {"WaitingStageName": "s", "Operation": "o", "Reason": "fine"}),
    ("retry", lambda c: c.retry("r"), "POST", "/workflow/execution/r/retry", {}, None),
    ("retry, changed", lambda c: c.retry("r", {"s": {"o": {"x": 1}}}, dry_run=True),
     "POST", "/workflow/execution/r/retry", {"dryRun": "true"}, {"Configuration": {"s": {"o": {"x": 1}}}}),
    ("retry_many", lambda c: c.retry_many("w"), "POST", "/workflow/execution/retry", {}, {"Workflow": "w"}),
    ("retry_many, chosen", lambda c: c.retry_many("w", status="Error", since="1", before="2", error_prefix="S",
                                                  limit=5, configuration={"s": {}}, dry_run=True),
     "POST", "/workflow/execution/retry", {"dryRun": "true"},
     {"Workflow": "w", "Status": "Error", "Since": "1", "Before": "2", "ErrorPrefix": "S", "Limit": 5,
      "Configuration": {"s": {}}}),
    ("delete_many", lambda c: c.delete_many("w", before="2", dry_run=True),
     "POST", "/workflow/execution/delete", {"dryRun": "true"}, {"Workflow": "w", "Before": "2"}),
    ("callback", lambda c: c.callback("r", "o", "t", "Complete", media=MEDIA, metadata={"x": 0.1}),
     "POST", "/workflow/execution/r/callback", {},
     {"Operation": "o", "Token": "t", "Status": "Complete", "Media": MEDIA, "MetaData": {"x": 0.1}}),
    ("callback, failed", lambda c: c.callback("r", "o", "t", "Error", error="E", cause="no", dry_run=True),
     "POST", "/workflow/execution/r/callback", {"dryRun": "true"},
     {"Operation": "o", "Token": "t", "Status": "Error", "Error": "E", "Cause": "no"}),
    ("create_batch", lambda c: c.create_batch("w", inputs=[{"Input": {"AssetId": "a"}}]),
     "POST", "/workflow/execution/batch", {}, {"Name": "w", "Inputs": [{"Input": {"AssetId": "a"}}]}),
    ("create_batch of a manifest", lambda c: c.create_batch(
        stage="s", manifest=PLACE, configuration={"s": {}}, priority=0, tolerated_failure_percentage=0,
        on_bad_line="skip", dry_run=True),
     "POST", "/workflow/execution/batch", {"dryRun": "true"},
     {"Stage": "s", "Manifest": PLACE, "Configuration": {"s": {}}, "Priority": 0, "ToleratedFailurePercentage": 0,
      "OnBadLine": "skip"}),
    ("create_batch of a prefix", lambda c: c.create_batch("w", prefix={"S3Bucket": "b", "S3Prefix": "p"}),
     "POST", "/workflow/execution/batch", {}, {"Name": "w", "Prefix": {"S3Bucket": "b", "S3Prefix": "p"}}),
    ("batch", lambda c: c.batch("b"), "GET", "/workflow/execution/batch/b", {}, None),
    ("cancel_batch", lambda c: c.cancel_batch("b", "wrong"),
     "POST", "/workflow/execution/batch/b/cancel", {}, {"Reason": "wrong"}),
    ("retry_batch", lambda c: c.retry_batch("b", {"s": {}}, dry_run=True),
     "POST", "/workflow/execution/batch/b/retry", {"dryRun": "true"}, {"Configuration": {"s": {}}}),
    ("create_trigger", lambda c: c.create_trigger({"Workflow": "w"}, dry_run=True),
     "POST", "/workflow/trigger", {"dryRun": "true"}, {"Workflow": "w"}),
    ("update_trigger", lambda c: c.update_trigger("t", {"Workflow": "w"}),
     "PUT", "/workflow/trigger/t", {}, {"Workflow": "w"}),
    ("trigger", lambda c: c.trigger("t"), "GET", "/workflow/trigger/t", {}, None),
    ("delete_trigger", lambda c: c.delete_trigger("t"), "DELETE", "/workflow/trigger/t", {}, None),
    ("create_webhook", lambda c: c.create_webhook(
        "h", "u", workflow="w", statuses=["Error"], secret="x", dry_run=True),
     "POST", "/system/webhook", {"dryRun": "true"},
     {"Name": "h", "Url": "u", "Workflow": "w", "Statuses": ["Error"], "Secret": "x"}),
    ("webhook", lambda c: c.webhook("h"), "GET", "/system/webhook/h", {}, None),
    ("delete_webhook", lambda c: c.delete_webhook("h"), "DELETE", "/system/webhook/h", {}, None),
    ("cancel", lambda c: c.cancel("r"), "POST", "/workflow/execution/r/cancel", {}, None),
    ("cancel with a reason", lambda c: c.cancel("r", "wrong file"),
     "POST", "/workflow/execution/r/cancel", {}, {"Reason": "wrong file"}),
    ("delete_execution", lambda c: c.delete_execution("r"), "DELETE", "/workflow/execution/r", {}, None),
    ("presign_upload", lambda c: c.presign_upload("b", "k"), "POST", "/upload", {}, {"S3Bucket": "b", "S3Key": "k"}),
    ("presign_download", lambda c: c.presign_download("b", "k"),
     "POST", "/download", {}, {"S3Bucket": "b", "S3Key": "k"}),
    ("media_path", lambda c: c.media_path("a", "r"), "GET", "/mediapath/a/r", {}, None),
    ("create_asset", lambda c: c.create_asset("Video", "b", "k"),
     "POST", "/create", {}, {"Input": {"MediaType": "Video", "S3Bucket": "b", "S3Key": "k"}}),
    ("store_metadata", lambda c: c.store_metadata("a", "o", "r", {"x": 1}),
     "POST", "/metadata/a", {}, {"OperatorName": "o", "WorkflowId": "r", "Results": {"x": 1}}),
    ("store_metadata, last page", lambda c: c.store_metadata("a", "o", "r", {"x": 1}, paginated=True, end=True),
     "POST", "/metadata/a", {"paginated": "true", "end": "true"},
     {"OperatorName": "o", "WorkflowId": "r", "Results": {"x": 1}}),
    ("delete_metadata", lambda c: c.delete_metadata("a", "o"), "DELETE", "/metadata/a/o", {}, None),
    ("delete_asset", lambda c: c.delete_asset("a"), "DELETE", "/metadata/a", {}, None),
    ("check_out", lambda c: c.check_out("a", "me"), "POST", "/checkout/a", {}, {"LockedBy": "me"}),
    ("check_in", lambda c: c.check_in("a"), "POST", "/checkin/a", {}, None),
]  # fmt: skip


@pytest.mark.parametrize(
    ("call", "method", "path", "query", "body"), [c[1:] for c in CALLS], ids=[c[0] for c in CALLS]
)
def test_every_route_is_called_as_the_contract_says_and_signed(
    api: FakeApi, client: Client, call: Callable[[Client], Any], method: str, path: str, query: Any, body: Any
) -> None:
    api.on(method, path, {"answered": True})

    call(client)

    sent = api.requests[-1]
    assert (sent.method, sent.path, sent.query, sent.json) == (method, "/api" + path, query, body)
    assert sent.headers["Authorization"].startswith("AWS4-HMAC-SHA256 Credential=test/")
    assert sent.headers["Content-Type"] == "application/json"


@pytest.mark.parametrize("name", ["a b", "ü", "100%", "a/b", "a?b#c", "...", "~x", "a+b"])
def test_a_name_with_odd_characters_arrives_as_it_is_and_signed(api: FakeApi, client: Client, name: str) -> None:
    api.on("GET", "/workflow/stage/.*", {"Name": name})

    assert client.stage(name) == {"Name": name}
    assert api.requests[-1].path == f"/api/workflow/stage/{name}"


@pytest.mark.parametrize("name", ["", ".", ".."])
def test_a_name_that_would_be_another_routes_path_is_not_sent(api: FakeApi, client: Client, name: str) -> None:
    with pytest.raises(InvalidArgument, match="is no name or id"):
        client.delete_metadata("a", name)
    assert api.requests == []


def test_a_cursor_with_odd_characters_is_signed_as_it_is_sent(api: FakeApi, client: Client) -> None:
    api.on(
        "GET",
        "/metadata/a",
        [Reply({"asset_id": "a", "results": {}, "cursor": "a+b/c== &%~é"}), Reply({"results": 1})],
    )

    assert len(list(client.metadata("a"))) == 2
    assert api.requests[-1].query == {"cursor": "a+b/c== &%~é"}


def test_the_wrong_secret_is_refused_so_the_check_of_signatures_checks(api: FakeApi) -> None:
    api.on("GET", "/version", {})
    SECRETS["known"] = "right"

    with (
        Client(api.endpoint, credentials=Credentials("known", "wrong")) as wrong,
        pytest.raises(ApiError, match="signature"),
    ):
        wrong.version()
    with Client(api.endpoint, credentials=Credentials("known", "right")) as right:
        assert right.version() == {}


def test_a_session_token_goes_along(api: FakeApi) -> None:
    api.on("GET", "/version", {})

    with Client(api.endpoint, credentials=Credentials("test", "test", "token")) as client:
        client.version()

    assert api.requests[-1].headers["X-Amz-Security-Token"] == "token"
    assert "x-amz-security-token" in api.requests[-1].headers["Authorization"]


@pytest.mark.parametrize(
    ("reply", "told"),
    [
        (Reply({"Code": "NotFoundError", "Message": "no 'w'", "RequestId": "q"}, 404),
         (404, "NotFoundError", "no 'w'", "q")),
        (Reply({"message": "Forbidden"}, 403, {"x-amzn-ErrorType": "Refused:http://x", "x-amzn-RequestId": "q"}),
         (403, "Refused", "Forbidden", "q")),
        (Reply("Bad Gateway!", 502), (502, "Bad Gateway", "Bad Gateway!", "")),
        (Reply("", 500), (500, "Internal Server Error", "Internal Server Error", "")),
    ],
    ids=["ours", "API Gateway's", "bare text", "nothing"],
)  # fmt: skip
def test_a_refusal_tells_status_code_message_and_request(
    api: FakeApi, client: Client, reply: Reply, told: tuple[int, str, str, str]
) -> None:
    api.on("GET", "/workflow/w", reply)

    with pytest.raises(ApiError) as refusal:
        client.workflow("w")

    error = refusal.value
    assert (error.status, error.code, error.message, error.request_id) == told


@pytest.mark.parametrize("status", [429, 503])
def test_a_read_is_tried_again_when_the_api_asks_for_patience(api: FakeApi, status: int) -> None:
    pauses: list[float] = []
    busy = Reply({"Code": "UnavailableError", "Message": "busy"}, status, {"Retry-After": "3"})
    api.on("GET", "/version", [busy, busy, Reply({"ApiVersion": "3.0.0"})])

    with Client(api.endpoint, sleep=pauses.append) as client:
        assert client.version()["ApiVersion"] == "3.0.0"
    assert pauses == [3.0, 3.0]


def test_a_read_gives_up_in_the_end(api: FakeApi, client: Client) -> None:
    api.on("GET", "/version", Reply({"Code": "UnavailableError", "Message": "busy"}, 503))

    with pytest.raises(ApiError, match="503"):
        client.version()
    assert len(api.requests) == 4


def test_a_write_is_never_sent_twice(api: FakeApi, client: Client) -> None:
    api.on("POST", "/workflow", Reply({"Code": "UnavailableError", "Message": "busy"}, 503))

    with pytest.raises(ApiError):
        client.create_workflow({"Name": "w"})
    assert len(api.requests) == 1


@pytest.mark.parametrize(("method", "tries"), [("GET", 4), ("POST", 1)])
def test_a_broken_connection_is_tried_again_for_reads_only(method: str, tries: int) -> None:
    seen: list[httpx.Request] = []

    def break_off(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        raise httpx.ReadError("connection reset", request=request)

    with (
        Client("http://127.0.0.1:1/api", transport=httpx.MockTransport(break_off), sleep=lambda s: None) as client,
        pytest.raises(ConnectionFailed, match="connection reset"),
    ):
        client.request(method, ("version",))
    assert len(seen) == tries


def test_nobody_at_a_local_endpoint_asks_whether_it_is_running(api: FakeApi) -> None:
    api.close()

    with Client(api.endpoint, sleep=lambda s: None) as client, pytest.raises(ConnectionFailed, match="is it running"):
        client.version()


@pytest.mark.parametrize("endpoint", ["", "127.0.0.1:8000", "ftp://x/", "http://", "http://x:port/"])
def test_what_is_no_endpoint_is_refused_at_once(endpoint: str) -> None:
    with pytest.raises(NotConfigured, match="is no endpoint"):
        Client(endpoint)


def test_a_remote_endpoint_without_credentials_says_what_to_set(
    api: FakeApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    with pytest.raises(NotConfigured, match="no AWS credentials"):
        Client("https://x.execute-api.eu-central-1.amazonaws.com/api/")


def test_the_region_comes_from_the_host_of_the_endpoint() -> None:
    seen: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, json={})

    endpoint = "https://x.execute-api.eu-central-1.amazonaws.com/api/"
    with Client(endpoint, credentials=Credentials("k", "s"), transport=httpx.MockTransport(answer)) as client:
        client.version()

    assert "/eu-central-1/execute-api/aws4_request" in seen[0].headers["Authorization"]


def test_a_run_needs_one_subject_and_one_input(client: Client) -> None:
    with pytest.raises(ValueError, match="a run needs"):
        client.start("w", stage="s", asset_id="a")
    with pytest.raises(ValueError, match="a run needs"):
        client.start("w")


def test_a_batch_needs_one_subject_and_one_kind_of_input(client: Client) -> None:
    for wrong in ({}, {"inputs": [], "manifest": PLACE}, {"stage": "s", "inputs": []}):
        with pytest.raises(InvalidArgument, match="a batch needs"):
            client.create_batch("w", **wrong)


@pytest.mark.parametrize(
    ("path", "call"),
    [
        ("/workflow/execution", lambda client: client.start("w", asset_id="a", idempotency_key="once")),
        ("/workflow/execution/batch", lambda client: client.create_batch("w", inputs=[], idempotency_key="once")),
        ("/workflow/trigger", lambda client: client.create_trigger({}, idempotency_key="once")),
    ],
)
def test_an_idempotency_key_is_a_signed_requests_header(
    api: FakeApi, client: Client, path: str, call: Callable[[Client], Any]
) -> None:
    api.on("POST", path, RUN)

    call(client)

    assert api.requests[-1].headers["Idempotency-Key"] == "once"

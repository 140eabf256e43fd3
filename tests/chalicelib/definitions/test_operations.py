from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from chalicelib.aws import clients
from chalicelib.definitions import operations
from chalicelib.web.errors import ConflictError
from chalicelib.web.validation import validate
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.definitions.conftest import ARN, items, machines

Operation = Callable[..., Reply]


def test_a_registered_operation_is_answered_as_the_contract_says(operation: Operation, api: Api) -> None:
    reply = operation("op-a", Note="kept", Configuration={"MediaType": "Video", "Enabled": True, "Rate": 0.1})

    assert reply.status == 200
    validate("definitions/operation_answer", reply.body)
    assert reply.body["Configuration"] == {"MediaType": "Video", "Enabled": True, "Rate": 0.1}
    assert reply.body["Note"] == "kept"
    assert reply.body["StageName"] == "_op-a"
    assert (reply.body["Version"], reply.body["ResourceType"], reply.body["ApiVersion"]) == (
        "v0",
        "OPERATION",
        "3.0.0",
    )
    assert float(reply.body["Created"]) > 1_700_000_000
    assert json.loads(reply.body["StateMachineAsl"])["StartAt"] == "S1 O1 op-a choose"
    assert api("GET", "/workflow/operation/op-a").body == reply.body
    assert api("GET", "/workflow/operation").body == [api("GET", "/workflow/operation/Wait").body, reply.body]


def test_registering_makes_the_operations_own_stage_and_no_machine(operation: Operation, api: Api) -> None:
    operation("op-a")

    own = api("GET", "/workflow/stage/_op-a")
    assert own.status == 200
    assert own.body["Operations"] == ["op-a"]
    assert "StateMachineArn" not in own.body
    assert machines() == []


def test_registering_grants_the_workflow_role_by_tag(operation: Operation) -> None:
    answer = operation("op-a", Type="Async").body

    for field in ("StartLambdaArn", "MonitorLambdaArn"):
        assert clients.client("lambda").list_tags(Resource=answer[field])["Tags"] == {"mediawright": "test-stack"}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"Name": "a" * 64}, "Name: a name consists"),
    ({"Name": ""}, "Name: a name consists"),
    ({"Name": "a\n"}, "Name: a name consists"),
    ({"Name": "naïve"}, "Name: a name consists"),
    ({"Name": "{% 1 %}"}, "Name: a name consists"),
    ({"Name": 7}, "Name: "),
    ({"Type": "Later"}, "Type: 'Later' is not one of Sync, Async, Callback, Wait"),
    ({"Configuration": None}, "Configuration: None is not of type object"),
    ({"Configuration": {"MediaType": "Video"}}, "Configuration: 'Enabled' is a required property"),
    ({"Configuration": {"MediaType": "Video", "Enabled": "true"}}, "Configuration.Enabled: 'true' is not of type"),
    ({"Configuration": {"MediaType": "", "Enabled": True}}, "Configuration.MediaType: "),
    ({"StartLambdaArn": "{% $evil %}"}, "StartLambdaArn: '{% $evil %}' is not the ARN"),
    ({"StartLambdaArn": f"{ARN}nobody"}, "StartLambdaArn: no such function"),
    ({"StartLambdaArn": ARN.replace("us-east-1", "eu-west-1") + "x"}, "StartLambdaArn: the function is in eu-west-1"),
    ({"StartLambdaArn": ARN.replace("1234", "9999") + "x"}, "StartLambdaArn: the function belongs to account 9999"),
    ({"Type": "Async", "MonitorLambdaArn": f"{ARN}nobody"}, "MonitorLambdaArn: no such function"),
    ({"TimeoutSeconds": 0}, "TimeoutSeconds: "),
    ({"TimeoutSeconds": 1.5}, "TimeoutSeconds: "),
    ({"TimeoutSeconds": 901}, "TimeoutSeconds: a Sync operation"),
    ({"PollMaxSeconds": "60"}, "PollMaxSeconds: "),
    ({"SfnExecutionRole": "arn:aws:iam::123456789012:role/admin"}, "SfnExecutionRole: only the stack's"),
    ({"ConfigurationSchema": {"type": "strange"}}, "ConfigurationSchema"),
    ({"ConfigurationSchema": {"$ref": "https://example.com/x"}}, "ConfigurationSchema: only references within"),
    ({"ConfigurationSchema": {"$ref": "#"}}, "ConfigurationSchema: it refers to itself"),
    ({"ConfigurationSchema": {"properties": {"X": {"pattern": "("}}}}, "ConfigurationSchema.properties.X.pattern: "),
    ({"ConfigurationSchema": {"required": ["Language"]}}, "Configuration: 'Language' is a required property"),
    ({"Configuration": {"MediaType": "Video", "Enabled": True, "X": "y" * 300_000}}, "The definition has"),
]


@pytest.mark.parametrize(("members", "message"), BAD)
def test_a_wrong_operation_is_refused_by_naming_the_field_and_leaves_nothing(
    operation: Operation, api: Api, members: dict[str, Any], message: str
) -> None:
    reply = operation("op-a", **members)

    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError"), reply.body
    assert message in reply.body["Message"], reply.body["Message"]
    assert items("operation") == items("stage") == []
    assert machines() == []


@pytest.mark.parametrize("missing", ["Name", "Type", "Configuration", "StartLambdaArn"])
def test_a_missing_member_is_named(api: Api, missing: str) -> None:
    body = {"Name": "a", "Type": "Sync", "Configuration": {"MediaType": "V", "Enabled": True}, "StartLambdaArn": ARN}
    del body[missing]

    reply = api("POST", "/workflow/operation", body)

    assert reply.status == 400
    assert missing in reply.body["Message"]


def test_an_async_operation_needs_a_monitor(api: Api, function: Callable[[str], str]) -> None:
    body = {
        "Name": "a",
        "Type": "Async",
        "Configuration": {"MediaType": "Video", "Enabled": True},
        "StartLambdaArn": function("start"),
    }

    reply = api("POST", "/workflow/operation", body)

    assert reply.status == 400
    assert reply.body["Message"].startswith("MonitorLambdaArn: ")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b'{"Name": NaN}', b'{"Name": 9007199254740993}'])
def test_a_body_that_is_no_object_of_json_is_refused(api: Api, body: bytes) -> None:
    reply = api("POST", "/workflow/operation", body)

    assert (reply.status, reply.body["Code"]) == (400, "BadRequestError")


def test_a_name_taken_is_a_conflict(operation: Operation, api: Api) -> None:
    body = operation("op-a").body

    reply = api("POST", "/workflow/operation", body)

    assert (reply.status, reply.body["Code"]) == (409, "ConflictError")


@pytest.mark.usefixtures("one_write_at_a_time")
def test_of_ten_at_once_exactly_one_gets_the_name(api: Api, function: Callable[[str], str]) -> None:
    body = {
        "Name": "op-a",
        "Type": "Sync",
        "Configuration": {"MediaType": "Video", "Enabled": True},
        "StartLambdaArn": function("start"),
    }

    def post(number: int) -> int:
        try:
            operations.create({**body, "Number": number})
        except ConflictError:
            return 409
        return 200

    with ThreadPoolExecutor(5) as threads:
        statuses = sorted(threads.map(post, range(10)))

    assert statuses == [200] + [409] * 9
    assert len(items("operation")) == len(items("stage")) == 1


def test_a_dry_run_checks_and_writes_nothing(operation: Operation, api: Api, function: Callable[[str], str]) -> None:
    body = {
        "Name": "op-a",
        "Type": "Sync",
        "Configuration": {"MediaType": "Video", "Enabled": True},
        "StartLambdaArn": function("start"),
    }

    reply = api("POST", "/workflow/operation?dryRun=true", body)
    wrong = api("POST", "/workflow/operation?dryRun=true", {**body, "Type": "Async"})

    assert (reply.status, reply.body["StageName"]) == (200, "_op-a")
    assert wrong.status == 400
    assert items("operation") == []
    assert "Tags" not in clients.client("lambda").get_function(FunctionName="start")


def test_a_put_changes_the_members_given(operation: Operation, api: Api) -> None:
    before = operation("op-a", Note="kept").body

    reply = api("PUT", "/workflow/operation", {"Name": "op-a", "TimeoutSeconds": 30, "Version": "v9", "Id": "mine"})

    expected = {key: value for key, value in before.items() if key not in ("TimeoutSeconds", "Version")}
    assert reply.status == 200
    assert reply.body["TimeoutSeconds"] == 30
    assert reply.body["Version"] == "v1"
    assert expected.items() <= reply.body.items()
    assert api("GET", "/workflow/operation/op-a").body == reply.body


def test_a_put_is_checked_as_a_whole(operation: Operation, api: Api) -> None:
    operation("op-a", ConfigurationSchema={"properties": {"Rate": {"type": "number"}}})
    configuration = {"MediaType": "Video", "Enabled": True, "Rate": "fast"}

    wrong = api("PUT", "/workflow/operation", {"Name": "op-a", "Configuration": configuration})
    unknown = api("PUT", "/workflow/operation", {"Name": "nobody"})

    assert (wrong.status, "Configuration.Rate" in wrong.body["Message"]) == (400, True)
    assert (unknown.status, unknown.body["Message"]) == (400, "Name: no operation named 'nobody'")


def test_deleting_takes_the_operation_and_its_stage_and_answers_it(operation: Operation, api: Api) -> None:
    made = operation("op-a").body

    reply = api("DELETE", "/workflow/operation/op-a")

    assert (reply.status, reply.body) == (200, made)
    assert api("GET", "/workflow/operation/op-a").status == 404
    assert api("GET", "/workflow/stage/_op-a").status == 404
    assert api("DELETE", "/workflow/operation/op-a").status == 404


def test_an_operation_in_use_is_deleted_only_by_force(two_stages: Reply, api: Api) -> None:
    refused = api("DELETE", "/workflow/operation/op-a")
    forced = api("DELETE", "/workflow/operation/op-a?force=true")

    assert refused.status == 400
    assert refused.body["Message"].startswith("Dependent workflows were found for operation 'op-a': film.")
    assert forced.status == 200
    assert api("GET", "/workflow/film").body["StaleOperations"] == ["op-a"]
    assert api("GET", "/workflow/stage/look").body["StaleOperations"] == ["op-a"]


def test_a_long_operation_rides_in_the_bucket(operation: Operation, api: Api) -> None:
    made = operation("op-a", Manual="x" * 100_000)

    (item,) = items("operation")
    assert "Text" not in item
    assert api("GET", "/workflow/operation/op-a").body == made.body


def test_a_list_is_paged_by_limit_and_link(operation: Operation, api: Api) -> None:
    for number in range(5):
        operation(f"op-{number}")

    seen, path, pages = [], "/workflow/operation?limit=2", 0
    while path:
        reply = api("GET", path)
        seen += [entry["Name"] for entry in reply.body]
        pages += 1
        path = reply.headers.get("Link", "").split(">")[0].lstrip("<").removeprefix("/api")

    assert seen == ["Wait", *(f"op-{number}" for number in range(5))]
    assert pages == 3
    assert len(api("GET", "/workflow/operation").body) == 6


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "cursor=abc"])
def test_a_wrong_page_is_refused(api: Api, query: str) -> None:
    assert api("GET", f"/workflow/operation?{query}").status == 400

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.exceptions import ParamValidationError
from moto.core.botocore_stubber import MockRawResponse
from moto.moto_api import recorder

from infrastructure.local.endpoint import direct_dispatch
from tests.infrastructure.local.dynamodb.world import TABLE, get, item, key, put, refused, running, wire

ROLE = "arn:aws:iam::123456789012:role/any"
MACHINE = json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}})


@pytest.fixture
def client() -> Iterator[Any]:
    with running() as client:
        yield client


def _watched(client: Any) -> list[str]:
    """The requests that go the usual way."""
    sent: list[str] = []
    client.meta.events.register_first("before-send", lambda request, **_: sent.append(request.url))
    return sent


def test_item_operations_need_no_request(client: Any) -> None:
    sent = _watched(client)
    put(client, "a", N=1)

    answer = client.get_item(TableName=TABLE, Key=key("a"))

    assert answer["Item"] == item("a", N=1)
    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert sent == []


def test_operations_on_tables_go_directly_too(client: Any) -> None:
    sent = _watched(client)

    assert client.describe_table(TableName=TABLE)["Table"]["TableName"] == TABLE
    with refused("ResourceNotFoundException"):
        client.describe_table(TableName="Nowhere")
    assert sent == []


def test_errors_are_those_of_the_client(client: Any) -> None:
    put(client, "a")
    with pytest.raises(client.exceptions.ConditionalCheckFailedException) as caught:
        client.put_item(TableName=TABLE, Item=item("a"), ConditionExpression="attribute_not_exists(Id)")
    with pytest.raises(ParamValidationError):
        client.put_item(TableName=TABLE, Item={"Id": "a"})
    with pytest.raises(client.exceptions.ResourceNotFoundException):
        client.get_item(TableName="Nowhere", Key=key("a"))

    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_answers_are_the_same_both_ways(client: Any) -> None:
    put(client, "a", Month="2026-11", Created="1")
    usual: Any = boto3.client("dynamodb", region_name="us-east-1")
    direct_dispatch.detach(usual)
    sent = _watched(usual)
    request: dict[str, Any] = {
        "TableName": TABLE,
        "KeyConditionExpression": "Id = :id",
        "ExpressionAttributeValues": {":id": wire("a")},
        "Limit": 1,
        "ReturnConsumedCapacity": "TOTAL",
    }

    one, other = client.query(**request), usual.query(**request)

    assert len(sent) == 1
    del one["ResponseMetadata"], other["ResponseMetadata"]
    assert one == other


def test_state_machines_are_answered_directly(client: Any) -> None:
    states = boto3.client("stepfunctions", region_name="us-east-1")
    sent = _watched(states)
    arn = states.create_state_machine(name="m", definition=MACHINE, roleArn=ROLE)["stateMachineArn"]

    machine = states.describe_state_machine(stateMachineArn=arn)

    assert (machine["name"], json.loads(machine["definition"])) == ("m", json.loads(MACHINE))
    assert machine["creationDate"].year >= 2025
    with pytest.raises(states.exceptions.StateMachineDoesNotExist):
        states.describe_state_machine(stateMachineArn=arn + "x")
    assert sent == []


def test_rest_services_keep_their_paths_and_queries(client: Any) -> None:
    functions = boto3.client("lambda", region_name="us-east-1")
    sent = _watched(functions)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as packed:
        packed.writestr("main.py", "def handler(event, context): return event")
    boto3.client("iam", region_name="us-east-1").create_role(RoleName="any", AssumeRolePolicyDocument="{}")
    for name in ("one", "two"):
        functions.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=ROLE,
            Handler="main.handler",
            Code={"ZipFile": archive.getvalue()},
        )

    assert functions.get_function(FunctionName="two")["Configuration"]["FunctionName"] == "two"
    assert [one["FunctionName"] for one in functions.list_functions(MaxItems=50)["Functions"]] == ["one", "two"]
    with pytest.raises(functions.exceptions.ResourceNotFoundException):
        functions.get_function(FunctionName="three")
    assert sent == []


def test_other_services_and_other_endpoints_go_their_usual_way(client: Any) -> None:
    parameters = boto3.client("ssm", region_name="us-east-1")
    sent = _watched(parameters)
    parameters.describe_parameters()
    assert len(sent) == 1

    elsewhere = boto3.client("dynamodb", region_name="us-east-1", endpoint_url="http://127.0.0.1:9")
    reached: list[str] = []
    elsewhere.meta.events.register_first("before-send", _refuse(reached))
    elsewhere.list_tables()
    assert reached == ["http://127.0.0.1:9/"]


def _refuse(reached: list[str]) -> Any:
    def refuse(request: Any, **_: Any) -> Any:
        reached.append(request.url)
        response: Any = AWSResponse
        return response(request.url, 200, {}, MockRawResponse(b"{}"))

    return refuse


def test_other_handlers_of_the_call_come_first(client: Any) -> None:
    calls: list[str] = []

    def fail_second(model: Any, **_: Any) -> Any:
        calls.append(model.name)
        if len(calls) == 2:
            raise ConnectionError("injected")

    client.meta.events.register("before-call.dynamodb", fail_second)
    put(client, "a")
    with pytest.raises(ConnectionError):
        put(client, "b")

    assert calls == ["PutItem", "PutItem"]
    assert get(client, "b") is None


def test_an_older_client_can_be_attached() -> None:
    with running() as client:
        direct_dispatch.detach(client)
        sent = _watched(client)
        put(client, "a")
        direct_dispatch.attach(client)
        put(client, "b")

        assert len(sent) == 1
        assert get(client, "b") is not None


def test_nothing_is_recorded(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(recorder, "_record_request", seen.append)

    put(client, "a")
    client.describe_table(TableName=TABLE)

    assert seen == []


def test_query_services_go_directly_too(client: Any) -> None:
    direct_dispatch.install(["sns"])
    sns: Any = boto3.Session("test", "test", region_name="us-east-1").client("sns")
    sent = _watched(sns)

    topic = sns.create_topic(Name="a", Tags=[{"Key": "k", "Value": "ü & =+"}])["TopicArn"]
    answer = sns.publish(TopicArn=topic, Message='{"text": "ü & = +"}', Subject="s")

    assert answer["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert len(answer["MessageId"]) == 36
    assert sns.list_tags_for_resource(ResourceArn=topic)["Tags"] == [{"Key": "k", "Value": "ü & =+"}]
    with pytest.raises(sns.exceptions.NotFoundException):
        sns.publish(TopicArn=topic + "-missing", Message="x")
    assert sent == []

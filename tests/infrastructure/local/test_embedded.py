"""The embedded AWS with a small app, through HTTP and in process."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import pytest
import requests

from infrastructure.local.embedded import EmbeddedAws
from tests.infrastructure import sample_project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = sample_project.write(tmp_path_factory.mktemp("embedded"))
    handler = "operators.media.some_thing.handler.lambda_handler"
    sample_project.add_operator(folder, "some_thing", {"Name": "Thing", "Handler": handler, "Timeout": 20})
    code = "import os\n\ndef lambda_handler(event, context):\n    return {'to': os.environ['DataplaneEndpoint']}\n"
    for name in ("operators", "operators/media", "operators/media/some_thing"):
        (folder / name / "__init__.py").touch()
    (folder / "operators" / "media" / "some_thing" / "handler.py").write_text(code)
    return folder


@pytest.fixture(scope="module")
def aws(project: Path) -> Iterator[EmbeddedAws]:
    with EmbeddedAws(port=0, aws_port=0, speed=100, project=project) as embedded:
        yield embedded


def outside(aws: EmbeddedAws, service: str) -> Any:
    """A client as another process has it."""
    session: Any = boto3.Session("test", "test", region_name="us-east-1")
    return session.client(service, endpoint_url=aws.aws_url)


def eventually(condition: Callable[[], Any], seconds: float = 10) -> Any:
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.005)
    return answer


def test_the_app_is_served_at_the_stages_path(aws: EmbeddedAws) -> None:
    assert requests.get(aws.api_url, timeout=5).json() == {"hello": "world"}
    assert requests.get(aws.api_url + "/version", timeout=5).json() == {"ApiVersion": "3.0.0"}


def test_an_ordinary_client_reads_the_stack_over_http(aws: EmbeddedAws) -> None:
    [stack] = outside(aws, "cloudformation").describe_stacks(StackName="mediawright")["Stacks"]

    read = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    assert read == aws.outputs
    assert read["WorkflowApiEndpoint"] == aws.api_url


def test_the_engine_sees_its_environment(aws: EmbeddedAws) -> None:
    seen = requests.get(aws.api_url + "environment", timeout=5).json()

    assert seen["EXECUTIONS_TABLE"] == aws.outputs["ExecutionsTable"]
    assert seen["STACK_NAME"] == "mediawright"


def test_what_the_app_writes_is_seen_from_outside_and_inside(aws: EmbeddedAws) -> None:
    requests.post(aws.api_url + "bucket/x", data=b"content", timeout=5).raise_for_status()

    bucket = aws.outputs["DataplaneBucket"]
    assert outside(aws, "s3").get_object(Bucket=bucket, Key="x")["Body"].read() == b"content"
    assert aws.client("s3").get_object(Bucket=bucket, Key="x")["Body"].read() == b"content"


def test_presigned_urls_of_this_process_lead_to_the_endpoint(aws: EmbeddedAws) -> None:
    bucket = aws.outputs["DataplaneBucket"]
    aws.client("s3").put_object(Bucket=bucket, Key="a b", Body=b"1")

    url = aws.client("s3").generate_presigned_url("get_object", {"Bucket": bucket, "Key": "a b"})

    assert url.startswith(aws.aws_url + "/")
    assert requests.get(url, timeout=5).content == b"1"


def test_engine_functions_can_be_invoked_by_anyone(aws: EmbeddedAws) -> None:
    arn = aws.outputs["DataPlaneHandlerArn"]

    answer = outside(aws, "lambda").invoke(FunctionName=arn, Payload=b'{"x": 1}')

    told = json.loads(answer["Payload"].read())
    assert told["event"] == {"x": 1}
    assert told["function"] == arn.rpartition(":")[2]


def test_an_operator_runs_in_a_worker_and_knows_the_data_plane(aws: EmbeddedAws) -> None:
    answer = outside(aws, "lambda").invoke(FunctionName=aws.outputs["MediaOperatorThingArn"], Payload=b"{}")

    assert json.loads(answer["Payload"].read()) == {"to": aws.outputs["DataPlaneHandlerArn"].rpartition(":")[2]}


def log_of(aws: EmbeddedAws, function: str) -> list[str]:
    logs = aws.client("logs")
    return [event["message"] for event in logs.filter_log_events(logGroupName=f"/aws/lambda/{function}")["events"]]


def test_a_waiting_run_wakes_the_scheduler(aws: EmbeddedAws) -> None:
    def starts() -> int:
        return sum(line.startswith("START") for line in log_of(aws, "mediawright-Scheduler"))

    before = starts()
    dynamodb = aws.client("dynamodb")
    table = aws.outputs["ExecutionsTable"]
    dynamodb.put_item(TableName=table, Item={"Id": {"S": "run-1"}, "Part": {"S": "execution"}})
    dynamodb.put_item(TableName=table, Item={"Id": {"S": "queue"}, "Part": {"S": "5#now#run-1"}})

    eventually(lambda: starts() > before)
    aws.wait_idle()
    assert starts() == before + 1


def test_a_failed_execution_of_this_stacks_machines_reaches_the_status_function(aws: EmbeddedAws) -> None:
    states = aws.client("stepfunctions")
    role = aws.outputs["WorkflowRoleArn"]
    failing = json.dumps({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "Because"}}})
    short = aws.outputs["ShortUuid"]
    ours = states.create_state_machine(name=f"w-{short}-abcdefgh", definition=failing, roleArn=role)
    other = states.create_state_machine(name="somebody-elses", definition=failing, roleArn=role)

    for machine in (other, ours):
        states.start_execution(stateMachineArn=machine["stateMachineArn"], name="run-1")
    eventually(lambda: [line for line in log_of(aws, "mediawright-StatusChange") if line.startswith("REPORT")])
    aws.wait_idle()

    starts = [line for line in log_of(aws, "mediawright-StatusChange") if line.startswith("START")]
    assert len(starts) == 1


def test_the_sweep_runs_on_its_schedule_by_the_embedded_clock(aws: EmbeddedAws) -> None:
    """Five minutes at a hundredfold speed are three seconds."""
    eventually(lambda: [line for line in log_of(aws, "mediawright-Sweep") if line.startswith("START")], 15)


def test_the_bucket_tells_eventbridge(aws: EmbeddedAws) -> None:
    events, sqs = aws.client("events"), aws.client("sqs")
    queue = sqs.create_queue(QueueName="seen")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    events.put_rule(Name="objects", EventPattern=json.dumps({"source": ["aws.s3"]}))
    events.put_targets(Rule="objects", Targets=[{"Id": "q", "Arn": arn}])

    aws.client("s3").put_object(Bucket=aws.outputs["DataplaneBucket"], Key="upload/x", Body=b"x")

    [message] = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))
    assert json.loads(message["Body"])["detail-type"] == "Object Created"


def test_eight_clients_at_once_get_their_own_answers(aws: EmbeddedAws) -> None:
    def one(number: int) -> bool:
        body = json.dumps({"number": number})
        told = requests.post(f"{aws.api_url}echo/n{number}", data=body, timeout=10).json()
        return bool(told == {"name": f"n{number}", "body": body, "same": True})

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(one, range(160)))


def test_an_answer_over_lambdas_limit_is_502(aws: EmbeddedAws) -> None:
    answer = requests.get(aws.api_url + "huge", timeout=10)

    assert answer.status_code == 502
    assert answer.json()["Code"] == "InternalServerError"


def test_a_body_over_lambdas_limit_is_413_in_the_engines_form(aws: EmbeddedAws) -> None:
    answer = requests.post(aws.api_url + "echo/x", data=b"x" * 7_000_000, timeout=10)

    assert answer.status_code == 413
    assert answer.json()["Code"] == "RequestTooLarge"
    assert "6291456" in answer.json()["Message"]
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def test_a_second_one_in_this_process_is_refused(aws: EmbeddedAws, project: Path) -> None:
    with pytest.raises(RuntimeError, match="one at a time"), EmbeddedAws(port=0, aws_port=0, project=project):
        pass
    assert requests.get(aws.api_url, timeout=5).status_code == 200


def test_runs_whose_time_to_live_is_over_go_when_asked(aws: EmbeddedAws) -> None:
    table, dynamodb = aws.outputs["ExecutionsTable"], aws.client("dynamodb")
    key = {"Id": {"S": "expired"}, "Part": {"S": "execution"}}
    dynamodb.put_item(TableName=table, Item={**key, "ExpiresAt": {"N": str(int(time.time()) - 60)}})

    assert aws.expire_now() == 1

    assert "Item" not in dynamodb.get_item(TableName=table, Key=key, ConsistentRead=True)

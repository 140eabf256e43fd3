"""The Lambda service as an ordinary AWS client sees it."""

from __future__ import annotations

import base64
import io
import json
import os
import threading
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from infrastructure.local.clock import CLOCK
from infrastructure.local.lambdas.functions import FunctionAddress, Functions
from infrastructure.local.lambdas.lambda_service import install
from infrastructure.local.meter import METER
from tests.infrastructure.local.lambdas.embedded_lambda import EmbeddedLambda, archive, embedded_lambda, until

PID = "import os, time\ndef handler(event, context):\n    time.sleep(event.get('sleep', 0))\n    return os.getpid()\n"
ENVIRONMENT = "import os\ndef handler(event, context):\n    return dict(os.environ)\n"
ECHO = "def handler(event, context):\n    return event\n"


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedLambda]:
    with embedded_lambda() as running:
        yield running


def refused(call: Any, **arguments: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    return caught.value.response["Error"]["Code"], caught.value.response["Error"]["Message"]


def test_a_zipped_function_answers_its_event(aws: EmbeddedLambda) -> None:
    aws.deploy("echo", ECHO)

    assert aws.call("echo", {"text": "żółć", "number": 1.5, "none": None}) == (
        {"text": "żółć", "number": 1.5, "none": None},
        None,
    )


def test_the_same_process_serves_one_call_after_the_other(aws: EmbeddedLambda) -> None:
    aws.deploy("warm", PID)

    assert aws.call("warm") == aws.call("warm")


def test_calls_at_once_run_in_processes_of_their_own(aws: EmbeddedLambda) -> None:
    aws.deploy("parallel", PID)

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: aws.call("parallel", {"sleep": 0.5}), range(4)))

    assert len({pid for pid, _ in answers}) == 4


def test_sixty_calls_at_once_all_get_their_own_answer(aws: EmbeddedLambda) -> None:
    aws.deploy("crowd", ECHO, Timeout=60)

    with ThreadPoolExecutor(60) as pool:
        answers = list(pool.map(lambda n: aws.functions.invoke("crowd", str(n).encode()).payload, range(120)))

    assert answers == [str(n).encode() for n in range(120)]


def test_idle_processes_are_bounded(aws: EmbeddedLambda) -> None:
    aws.deploy("many", PID)

    with ThreadPoolExecutor(24) as pool:
        list(pool.map(lambda _: aws.functions.invoke("many", b'{"sleep": 0.5}'), range(24)))

    assert 0 < len(aws.functions.workers.pids()) <= 16


def test_a_function_sees_its_environment_and_nothing_of_the_server(
    aws: EmbeddedLambda, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_OF_THE_SERVER", "1")
    aws.deploy("environment", ENVIRONMENT, Environment={"Variables": {"COLOUR": "blue"}}, MemorySize=256)

    seen, _ = aws.call("environment")

    assert "SECRET_OF_THE_SERVER" not in seen
    assert "PYTHONPATH" not in seen
    wanted = {
        "COLOUR": "blue",
        "AWS_LAMBDA_FUNCTION_NAME": "environment",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/environment",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": aws.url,
        "AWS_ACCESS_KEY_ID": "test",
        "_HANDLER": "app.handler",
    }
    assert {name: seen.get(name) for name in wanted} == wanted
    assert Path(seen["LAMBDA_TASK_ROOT"], "app.py").exists()


def test_a_function_reaches_the_embedded_aws_by_default(aws: EmbeddedLambda) -> None:
    aws.client("s3").create_bucket(Bucket="from-outside")
    code = "import boto3\ndef handler(e, c):\n    return boto3.client('s3').list_buckets()['Buckets'][0]['Name']\n"
    aws.deploy("client", code, Timeout=60)

    assert aws.call("client") == ("from-outside", None)


def test_changed_environment_renews_the_process(aws: EmbeddedLambda) -> None:
    aws.deploy("renewed", ENVIRONMENT, Environment={"Variables": {"COLOUR": "blue"}})
    before, _ = aws.call("renewed")

    aws.lambda_.update_function_configuration(FunctionName="renewed", Environment={"Variables": {"COLOUR": "red"}})
    after, _ = aws.call("renewed")

    assert (before["COLOUR"], after["COLOUR"]) == ("blue", "red")


def test_changed_code_is_run(aws: EmbeddedLambda) -> None:
    aws.deploy("recoded", "def handler(e, c): return 1\n")
    aws.call("recoded")

    aws.lambda_.update_function_code(FunctionName="recoded", ZipFile=archive("def handler(e, c): return 2\n"))

    assert aws.call("recoded") == (2, None)


def test_versions_and_aliases_keep_their_code(aws: EmbeddedLambda) -> None:
    aws.deploy("versioned", "def handler(e, c): return ['old', c.function_version, c.invoked_function_arn]\n")
    aws.lambda_.publish_version(FunctionName="versioned")
    aws.lambda_.create_alias(FunctionName="versioned", Name="live", FunctionVersion="1")
    aws.lambda_.update_function_code(FunctionName="versioned", ZipFile=archive("def handler(e, c): return 'new'\n"))
    arn = aws.lambda_.get_function(FunctionName="versioned")["Configuration"]["FunctionArn"]

    assert aws.call("versioned") == ("new", None)
    assert aws.call("versioned", Qualifier="live") == (["old", "1", f"{arn}:live"], None)
    assert aws.call(f"{arn}:1") == (["old", "1", f"{arn}:1"], None)


def test_code_may_come_from_a_bucket(aws: EmbeddedLambda) -> None:
    s3 = aws.client("s3")
    s3.create_bucket(Bucket="code")
    s3.put_object(Bucket="code", Key="app.zip", Body=archive(ECHO))
    aws.deploy("stored", ECHO, Code={"S3Bucket": "code", "S3Key": "app.zip"})

    assert aws.call("stored", [1]) == ([1], None)
    assert refused(aws.deploy, name="unstored", code="", Code={"S3Bucket": "code", "S3Key": "no"})[0] == (
        "InvalidParameterValueException"
    )


def test_an_executable_in_the_archive_stays_executable(aws: EmbeddedLambda) -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as opened:
        opened.writestr(
            "app.py", "import subprocess\ndef handler(e, c): return subprocess.check_output('./tool').decode()\n"
        )
        tool = zipfile.ZipInfo("tool")
        tool.external_attr = 0o755 << 16
        opened.writestr(tool, "#!/bin/sh\necho works\n")
    aws.deploy("tooled", "", Code={"ZipFile": buffer.getvalue()})

    assert aws.call("tooled") == ("works\n", None)


def test_unknown_layers_do_no_harm(aws: EmbeddedLambda) -> None:
    aws.deploy("layered", ECHO, Layers=["arn:aws:lambda:us-east-1:123456789012:layer:helper:3"])

    assert aws.call("layered", 7) == (7, None)


@pytest.mark.parametrize("runtime", ["nodejs20.x", "java21", "provided.al2023", "python2.7"])
def test_other_runtimes_are_refused_plainly(aws: EmbeddedLambda, runtime: str) -> None:
    code, message = refused(aws.deploy, name="other", code=ECHO, Runtime=runtime)

    assert code == "InvalidParameterValueException"
    assert runtime in message
    assert "python3" in message


def test_bad_archives_and_environments_are_refused(aws: EmbeddedLambda) -> None:
    for settings in (
        {"Code": {"ZipFile": b"no zip"}},
        {"Environment": {"Variables": {"BIG": "x" * 4096}}},
        {"Environment": {"Variables": {"AWS_REGION": "mars-1"}}},
    ):
        assert refused(aws.deploy, name="bad", code=ECHO, **settings)[0] == "InvalidParameterValueException"
    assert not aws.functions.exists("bad")


def test_the_log_tail_is_answered_on_request(aws: EmbeddedLambda) -> None:
    aws.deploy("tail", "def handler(e, c):\n    print('x' * 5000)\n    print('the end')\n")

    answer = aws.lambda_.invoke(FunctionName="tail", LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()

    assert len(tail) <= 4096
    assert "the end\nEND RequestId: " in tail
    assert "\nREPORT RequestId: " in tail
    assert "LogResult" not in aws.lambda_.invoke(FunctionName="tail")


def test_an_event_is_taken_and_run_later_and_a_dry_run_is_not(aws: EmbeddedLambda, tmp_path: Path) -> None:
    aws.deploy("touch", "def handler(e, c): open(e, 'x').close()\n")
    path = tmp_path / "touched"

    dry = aws.lambda_.invoke(FunctionName="touch", InvocationType="DryRun", Payload=json.dumps(str(tmp_path / "dry")))
    taken = aws.lambda_.invoke(FunctionName="touch", InvocationType="Event", Payload=json.dumps(str(path)))

    assert (dry["StatusCode"], taken["StatusCode"]) == (204, 202)
    until(path.exists)
    assert not (tmp_path / "dry").exists()


def test_a_failing_event_is_tried_three_times_then_recorded(
    aws: EmbeddedLambda, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CLOCK, "speed", 2000.0)
    sqs = aws.client("sqs")
    queue = sqs.create_queue(QueueName="failures")["QueueUrl"]
    aws.deploy("failing", "def handler(e, c):\n    open(e, 'a').write('x')\n    raise ValueError('no')\n")
    aws.lambda_.put_function_event_invoke_config(
        FunctionName="failing",
        DestinationConfig={"OnFailure": {"Destination": "arn:aws:sqs:us-east-1:123456789012:failures"}},
    )

    aws.functions.invoke_async("failing", json.dumps(str(tmp_path / "tries")).encode())

    until(lambda: aws.functions.pending() == 0)
    [message] = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert (tmp_path / "tries").read_text() == "xxx"
    record = json.loads(message["Body"])
    assert record["requestContext"]["approximateInvokeCount"] == 3
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_payloads_over_the_limits_are_refused(aws: EmbeddedLambda) -> None:
    aws.deploy("sizes", "def handler(e, c): return e if isinstance(e, str) else 'x' * e\n")
    limit = 6_291_456

    assert refused(aws.lambda_.invoke, FunctionName="sizes", Payload=b'"' + b"x" * limit + b'"')[0] == (
        "RequestTooLargeException"
    )
    assert refused(
        aws.lambda_.invoke, FunctionName="sizes", InvocationType="Event", Payload=b'"' + b"x" * 1048576 + b'"'
    )
    assert aws.call("sizes", limit - 2) == ("x" * (limit - 2), None)
    error, kind = aws.call("sizes", limit - 1)
    assert (error["errorType"], kind) == ("Function.ResponseSizeTooLarge", "Unhandled")


def test_a_payload_that_is_no_json_is_refused(aws: EmbeddedLambda) -> None:
    aws.deploy("strict", ECHO)

    assert refused(aws.lambda_.invoke, FunctionName="strict", Payload=b"{")[0] == "InvalidRequestContentException"
    assert aws.call("strict") == ({}, None)


def test_an_unknown_function_is_said_to_be_unknown(aws: EmbeddedLambda) -> None:
    assert refused(aws.lambda_.invoke, FunctionName="nobody")[0] == "ResourceNotFoundException"

    answer = aws.functions.invoke("arn:aws:lambda:us-east-1:123456789012:function:nobody", b"{}")

    assert answer.error == "Unhandled"
    assert json.loads(answer.payload)["errorType"] == "Lambda.ResourceNotFoundException"


def test_a_deleted_function_leaves_no_process_and_no_code(aws: EmbeddedLambda) -> None:
    aws.deploy("deleted", PID)
    pid, _ = aws.call("deleted")

    aws.lambda_.delete_function(FunctionName="deleted")

    assert not aws.functions.exists("deleted")
    assert pid not in aws.functions.workers.pids()
    assert not list(aws.functions.code.root.glob("deleted-*"))


def test_code_of_the_working_tree_runs_from_its_folder(aws: EmbeddedLambda, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(e, c): return __file__\n")
    aws.functions.register_code("folder", tmp_path)
    aws.deploy("folder", "", Code={"S3Bucket": "no-such-bucket", "S3Key": "code"})

    assert aws.call("folder") == (str(tmp_path / "app.py"), None)
    assert sorted(os.listdir(tmp_path)) == ["app.py"]


def test_invocations_are_counted_by_function(aws: EmbeddedLambda) -> None:
    aws.functions.register_in_process("counted", lambda event, context: None)
    before = METER.snapshot().get("lambda.counted", 0)

    aws.functions.invoke("counted", b"{}")

    assert METER.snapshot()["lambda.counted"] == before + 1


def test_stopping_leaves_no_process_thread_or_file() -> None:
    before = set(threading.enumerate())
    with embedded_lambda() as running:
        running.deploy("left", PID)
        pid, _ = running.call("left")
        calls = [threading.Thread(target=running.functions.invoke, args=("left", b'{"sleep": 60}')) for _ in range(2)]
        for call in calls:
            call.start()
        until(lambda: len(running.functions.workers.pids()) == 2)
        pids = {pid, *running.functions.workers.pids()}
        running.functions.stop()
        for call in calls:
            call.join(10)
        root = running.functions.code.root

    assert not [one for one in pids if os.path.exists(f"/proc/{one}")]
    assert not root.exists()
    assert set(threading.enumerate()) <= before


def test_installing_again_gives_the_same_functions() -> None:
    functions = install(Functions())
    try:
        assert install() is functions
    finally:
        functions.stop()


@pytest.mark.parametrize(
    ("given", "name", "qualifier"),
    [
        ("f", "f", None),
        ("f:live", "f", "live"),
        ("arn:aws:lambda:us-east-1:123456789012:function:f", "f", None),
        ("arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST", "f", "$LATEST"),
        ("123456789012:function:f:2", "f", "2"),
        ("function:f", "f", None),
    ],
)
def test_every_way_to_name_a_function_is_understood(given: str, name: str, qualifier: str | None) -> None:
    address = FunctionAddress.parse(given)

    assert (address.account, address.region, address.name, address.qualifier) == (
        "123456789012",
        "us-east-1",
        name,
        qualifier,
    )

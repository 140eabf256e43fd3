"""What functions print is read with an ordinary CloudWatch Logs client."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from infrastructure.local.lambdas.logs import EVENTS_KEPT, Logs, LogTarget
from tests.infrastructure.local.lambdas.embedded_lambda import EmbeddedLambda, embedded_lambda, until

TALK = """
import logging, sys
logging.getLogger().setLevel("INFO")
def handler(event, context):
    print("one\\ntwo")
    print("to stderr", file=sys.stderr)
    logging.getLogger("app").info("logged %s", event["word"])
    sys.stdout.write("without newline")
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedLambda]:
    with embedded_lambda() as running:
        yield running


def test_what_a_function_prints_is_in_its_log_group(aws: EmbeddedLambda) -> None:
    aws.deploy("talk", TALK)
    aws.call("talk", {"word": "hello"})

    lines = until(lambda: aws.logged("talk") if len(aws.logged("talk")) >= 9 else None)

    assert lines[0] == "INIT_START Runtime Version: python:3.12\n"
    assert lines[1].startswith("START RequestId: ")
    assert lines[2:5] == ["one\n", "two\n", "to stderr\n"]
    assert lines[5].startswith("[INFO]\t")
    assert lines[5].endswith("\tlogged hello\n")
    assert lines[6] == "without newline\n"
    assert lines[7].startswith("END RequestId: ")
    assert lines[8].startswith("REPORT RequestId: ")
    assert "\tMemory Size: 128 MB\t" in lines[8]


def test_each_worker_has_one_stream(aws: EmbeddedLambda) -> None:
    aws.deploy("streams", "def handler(e, c): return c.log_stream_name\n")
    first, _ = aws.call("streams")
    second, _ = aws.call("streams")

    group = "/aws/lambda/streams"
    until(lambda: len(aws.logged("streams")) >= 7)
    streams = [stream["logStreamName"] for stream in aws.logs.describe_log_streams(logGroupName=group)["logStreams"]]

    assert streams == [first] == [second]
    events = aws.logs.get_log_events(logGroupName=group, logStreamName=first)["events"]
    assert sum(event["message"].startswith("START") for event in events) == 2


def test_a_timeout_and_an_exit_are_logged(aws: EmbeddedLambda) -> None:
    aws.deploy(
        "dies",
        "import os, time\ndef handler(e, c):\n    print('last words')\n    time.sleep(9) if e else os._exit(4)\n",
        Timeout=1,
    )
    aws.call("dies", {"sleep": True})
    aws.call("dies")

    text = until(lambda: "".join(aws.logged("dies")) if "exit status 4" in "".join(aws.logged("dies")) else None)

    assert text.count("last words\n") == 2
    assert " Task timed out after 1.00 seconds\n" in text


def test_functions_in_this_process_log_through_logging(aws: EmbeddedLambda) -> None:
    def handler(event: object, context: object) -> None:
        logging.getLogger("engine").warning("slot %s freed", 7)

    aws.functions.register_in_process("inside", handler)
    answer = aws.functions.invoke("inside", b"{}")
    logging.getLogger("engine").warning("nobody's line")

    lines = until(lambda: aws.logged("inside"))
    assert any(line.startswith("[WARNING]\t") and line.endswith("\tslot 7 freed\n") for line in lines)
    assert not any("nobody's line" in line for line in lines)
    assert "slot 7 freed" in answer.log_tail


def test_a_stream_keeps_its_last_events(aws: EmbeddedLambda) -> None:
    logs = Logs()
    target = LogTarget("123456789012", "us-east-1", "/aws/lambda/long", "stream")
    for number in range(EVENTS_KEPT + 100):
        logs.put(target, f"{number}\n")

    logs.stop()

    kept = aws.logged("long")
    assert len(kept) == EVENTS_KEPT
    assert kept[-1] == f"{EVENTS_KEPT + 99}\n"

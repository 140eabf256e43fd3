"""What a function may do to its worker, and what its caller is told."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.lambdas import process
from tests.infrastructure.local.lambdas.embedded_lambda import EmbeddedLambda, embedded_lambda, until

MISBEHAVE = """
import os, signal, subprocess, sys, time

def handler(event, context):
    match event["do"]:
        case "sleep": time.sleep(60)
        case "child":
            child = subprocess.Popen(["sleep", "60"])
            open(event["path"], "w").write(str(child.pid))
            time.sleep(60)
        case "exit": os._exit(event["status"])
        case "kill": os.kill(os.getpid(), signal.SIGKILL)
        case "system exit": sys.exit(2)
        case "object": return object()
        case "raise": raise LookupError("nothing here")
        case "chatter":
            subprocess.run(["yes", "x" * 1000])
        case "context":
            return [context.function_name, context.memory_limit_in_mb, context.get_remaining_time_in_millis(),
                    len(context.aws_request_id), context.log_group_name]
        case "pid": return os.getpid()
"""


@pytest.fixture(scope="module")
def aws() -> Iterator[EmbeddedLambda]:
    with embedded_lambda() as running:
        running.deploy("bad", MISBEHAVE, Timeout=1)
        yield running


def test_the_context_is_lambdas(aws: EmbeddedLambda) -> None:
    (name, memory, left, id_length, group), _ = aws.call("bad", {"do": "context"})

    assert (name, memory, id_length, group) == ("bad", "128", 36, "/aws/lambda/bad")
    assert 500 < left <= 1000


def test_a_function_over_its_time_is_ended(aws: EmbeddedLambda) -> None:
    before, _ = aws.call("bad", {"do": "pid"})
    began = time.monotonic()

    error, kind = aws.call("bad", {"do": "sleep"})

    assert 0.9 < time.monotonic() - began < 3
    assert (error["errorType"], kind) == ("Sandbox.Timedout", "Unhandled")
    assert error["errorMessage"].endswith(" Error: Task timed out after 1.00 seconds")
    assert before not in aws.functions.workers.pids()
    assert aws.call("bad", {"do": "pid"})[0] != before


def test_what_a_function_started_ends_with_it(aws: EmbeddedLambda, tmp_path: os.PathLike[str]) -> None:
    path = os.path.join(tmp_path, "pid")

    aws.call("bad", {"do": "child", "path": path})

    with open(path) as file:
        child = file.read()
    until(lambda: not _runs(child))


def _runs(pid: str) -> bool:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_endless_output_does_not_outlive_the_timeout(aws: EmbeddedLambda) -> None:
    began = time.monotonic()

    error, _ = aws.call("bad", {"do": "chatter"})

    assert error["errorType"] == "Sandbox.Timedout"
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"do": "exit", "status": 3}, "Runtime exited with error: exit status 3"),
        ({"do": "exit", "status": 0}, "Runtime exited without providing a reason"),
        ({"do": "system exit"}, "Runtime exited with error: exit status 2"),
        ({"do": "kill"}, "Runtime exited with error: signal: killed"),
    ],
)
def test_a_process_that_ends_is_reported(aws: EmbeddedLambda, event: dict[str, object], reason: str) -> None:
    error, kind = aws.call("bad", event)

    assert (error["errorType"], kind) == ("Runtime.ExitError", "Unhandled")
    assert error["errorMessage"].endswith(f" Error: {reason}")
    assert aws.call("bad", {"do": "pid"})[1] is None


def test_an_answer_that_is_no_json_is_a_marshal_error(aws: EmbeddedLambda) -> None:
    error, kind = aws.call("bad", {"do": "object"})

    assert (error["errorType"], kind) == ("Runtime.MarshalError", "Unhandled")
    assert "not JSON serializable" in error["errorMessage"]


def test_an_exception_is_answered_with_its_traceback(aws: EmbeddedLambda) -> None:
    error, kind = aws.call("bad", {"do": "raise"})

    assert (error["errorType"], error["errorMessage"], kind) == ("LookupError", "nothing here", "Unhandled")
    assert len(error["requestId"]) == 36
    assert 'raise LookupError("nothing here")' in error["stackTrace"][0]


@pytest.mark.parametrize(
    ("name", "code", "handler", "error_type", "message"),
    [
        ("no-module", "import missing_thing\n", "app.handler", "Runtime.ImportModuleError", "No module named"),
        ("no-file", "x = 1\n", "lost.handler", "Runtime.ImportModuleError", "Unable to import module 'lost'"),
        ("no-handler", "x = 1\n", "app.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing"),
        ("syntax", "def\n", "app.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'app'"),
        ("raises", "raise ValueError('at import')\n", "app.handler", "ValueError", "at import"),
        ("exits", "import sys\nsys.exit(5)\n", "app.handler", "Runtime.ExitError", "exit status 5"),
    ],
)
def test_a_failing_import_is_answered(
    aws: EmbeddedLambda, name: str, code: str, handler: str, error_type: str, message: str
) -> None:
    aws.deploy(name, code, Handler=handler)

    for _ in range(2):
        error, kind = aws.call(name)
        assert (error["errorType"], kind) == (error_type, "Unhandled")
        assert message in error["errorMessage"]


def test_a_worker_reused_before_it_asks_for_work_is_waited_for(aws: EmbeddedLambda, monkeypatch: Any) -> None:
    """The runtime asks again a moment after its answer; a worker that started long ago must get that moment too."""
    monkeypatch.setattr(process, "INIT_SECONDS", -1000.0)

    answers = [aws.call("bad", {"do": "pid"}) for _ in range(300)]

    assert {kind for _, kind in answers} == {None}


def test_warm_calls_cost_little(aws: EmbeddedLambda) -> None:
    """Lambda's own overhead is milliseconds; here a warm call takes less than one, and the test allows ten."""
    aws.functions.invoke("bad", b'{"do": "pid"}')
    began = time.perf_counter()

    for _ in range(50):
        aws.functions.invoke("bad", b'{"do": "pid"}')

    assert (time.perf_counter() - began) / 50 < 0.010

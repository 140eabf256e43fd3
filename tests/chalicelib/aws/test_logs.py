from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pytest

from chalicelib.aws import logs, metrics
from chalicelib.aws.invocation import concerns, observed, part
from chalicelib.aws.metrics import Metric

LOG = logging.getLogger("mediawright.test")
CONTEXT = SimpleNamespace(aws_request_id="request-1", function_name="Sweep")


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """What the engine writes, a line each."""
    written: list[str] = []
    monkeypatch.setattr(logs, "writer", written.append)
    logger = logging.getLogger(logs.LOGGER)
    before = (logger.level, logger.propagate, logger.handlers)
    logs.install()
    yield written
    logger.setLevel(before[0])
    logger.propagate, logger.handlers = before[1], before[2]


def documents(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


def test_a_line_says_which_invocation_and_which_run_it_is_about(lines: list[str]) -> None:
    @observed
    def sweep(event: Any, context: Any) -> str:
        concerns("run-1")
        LOG.info("an operation of %s ended", "run-1", extra={"operation": "speech"})
        return "done"

    assert sweep({}, CONTEXT) == "done"

    [line] = documents(lines)
    assert (
        line.items()
        >= {
            "level": "INFO",
            "message": "an operation of run-1 ended",
            "service": "mediawright",
            "request_id": "request-1",
            "function": "Sweep",
            "run_id": "run-1",
            "operation": "speech",
        }.items()
    )
    assert line["timestamp"].endswith("+00:00")


def test_what_was_said_of_one_invocation_or_part_is_not_said_of_the_next(lines: list[str]) -> None:
    @observed
    def publisher(runs: list[str], context: Any) -> None:
        for run in runs:
            with part("publish", run):
                LOG.info("told")
        LOG.info("done")

    publisher(["run-1", "run-2"], CONTEXT)
    publisher([], SimpleNamespace(aws_request_id="request-2", function_name="Publisher"))

    found = [(line["request_id"], line.get("run_id")) for line in documents(lines)]
    assert found == [("request-1", "run-1"), ("request-1", "run-2"), ("request-1", None), ("request-2", None)]


def test_invocations_side_by_side_do_not_mix(lines: list[str]) -> None:
    @observed
    def work(run: str, context: Any) -> None:
        concerns(run)
        LOG.info(run)

    runs = [f"run-{number}" for number in range(200)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda run: work(run, SimpleNamespace(aws_request_id=run, function_name="f")), runs))

    assert sorted(line["message"] for line in documents(lines)) == sorted(runs)
    assert all(line["run_id"] == line["request_id"] == line["message"] for line in documents(lines))


@pytest.mark.parametrize(
    "hostile", ['x\n{"level":"ERROR"}', "x\r\x1b[2J", "x\u2028y", "\u202eevil", '","run_id":"other']
)
def test_what_a_user_sends_stays_within_its_line_and_member(lines: list[str], hostile: str) -> None:
    LOG.warning("a name: %s", hostile, extra={"operation": hostile})

    [line] = lines
    assert line.isascii()
    assert line.isprintable()
    document = json.loads(line)
    assert document["message"] == f"a name: {hostile}"
    assert document["operation"] == hostile
    assert "run_id" not in document


def test_an_error_is_logged_with_its_trace_and_without_its_secrets(lines: list[str]) -> None:
    try:
        raise ValueError('{"TaskToken": "s3cret"}')
    except ValueError:
        LOG.exception("it failed")

    [line] = documents(lines)
    assert line["exception_name"] == "ValueError"
    assert "test_logs.py" in line["exception"]
    assert "s3cret" not in str(line)


def test_what_a_function_raises_stays_what_it_is_without_its_secrets() -> None:
    @observed
    def task_tokens(event: Any, context: Any) -> None:
        raise KeyError("https://b/k?X-Amz-Signature=0123abcd&x=1", 5)

    with pytest.raises(KeyError) as raised:
        task_tokens({}, CONTEXT)

    assert raised.value.args == ("https://b/k?X-Amz-Signature=***&x=1", 5)


def test_metrics_are_lines_too(lines: list[str]) -> None:
    metrics.emit({Metric.REPAIRS: 3, Metric.QUEUE_AGE: 0}, Kinds={"not_started": 3})

    [line] = documents(lines)
    [definition] = line["_aws"]["CloudWatchMetrics"]
    assert definition["Namespace"] == "Mediawright"
    assert definition["Dimensions"] == [["Stack"]]
    assert definition["Metrics"] == [{"Name": "Repairs", "Unit": "Count"}]
    assert (line["Stack"], line["Repairs"], line["Kinds"]) == ("test-stack", 3, {"not_started": 3})


def test_a_metric_with_nothing_to_say_is_no_line(lines: list[str]) -> None:
    metrics.emit({Metric.REPAIRS: 0, Metric.SLOTS_USED: 0})

    assert lines == []

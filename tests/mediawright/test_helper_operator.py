from __future__ import annotations

import json
import math
from typing import Any

import pytest

from mediawright import InvalidInput, InvalidOutput, NotConfigured, OperatorError, Task, operator

SCHEMA = {
    "type": "object",
    "properties": {
        "EverySeconds": {"type": "number", "exclusiveMinimum": 0},
        "Sizes": {"type": "array", "items": {"type": "integer"}},
    },
    "required": ["MediaType"],
}


def test_an_operator_of_a_few_lines_answers_all_eight_members(event: dict[str, Any]) -> None:
    @operator
    def look(task: Task) -> None:
        task.add_metadata(score=0.30000000000000004, seen=task.metadata["earlier"])
        task.add_media("Image", "media", "out/sheet.jpg")

    answer = look(event, None)

    assert answer == {
        **event,
        "Status": "Complete",
        "MetaData": {"score": 0.30000000000000004, "seen": "fact"},
        "Media": {"Image": {"S3Bucket": "media", "S3Key": "out/sheet.jpg"}},
    }


def test_what_the_function_returns_is_added_to_the_metadata(event: dict[str, Any]) -> None:
    @operator
    def look(task: Task) -> dict[str, Any]:
        task.add_metadata({"a-b": 1})
        return {"words": 3}

    assert look(event)["MetaData"] == {"a-b": 1, "words": 3}


def test_the_task_shows_the_event_by_the_names_of_the_api(event: dict[str, Any]) -> None:
    task = Task(event)

    assert (task.name, task.asset_id, task.run_id) == ("op-a", "asset-1", "run-1")
    assert task.configuration["EverySeconds"] == 2.5
    assert task.source() == {"S3Bucket": "media", "S3Key": "in/clip.mp4"}
    assert task.remaining_seconds() is None


def test_the_handler_keeps_the_functions_name_and_schema() -> None:
    @operator(configuration_schema=SCHEMA)
    def look(task: Task) -> None:
        """Look."""

    assert (look.__name__, look.__doc__, look.configuration_schema) == ("look", "Look.", SCHEMA)  # type: ignore[attr-defined]


def test_an_asynchronous_operation_executes_until_its_monitor_completes_it(event: dict[str, Any]) -> None:
    @operator(asynchronous=True)
    def start(task: Task) -> None:
        task.add_metadata(job="j-1", polls=0)

    @operator(asynchronous=True)
    def monitor(task: Task) -> None:
        assert task.results["job"] == "j-1"
        task.add_metadata(polls=task.results["polls"] + 1)
        if task.results["polls"] == 2:
            task.complete()

    answers = [start(event)]
    answers.append(monitor(answers[-1]))
    answers.append(monitor(answers[-1]))

    assert [answer["Status"] for answer in answers] == ["Executing", "Executing", "Complete"]
    assert answers[-1]["MetaData"] == {"job": "j-1", "polls": 2}
    assert answers[-1]["Input"] == event["Input"]


@pytest.mark.parametrize(
    ("configuration", "complaint"),
    [
        ({"MediaType": "Video", "EverySeconds": -1}, "Configuration.EverySeconds: -1 is less than or equal to"),
        ({"MediaType": "Video", "Sizes": [1, "x"]}, "Configuration.Sizes[1]: 'x' is not of type 'integer'"),
        ({"EverySeconds": 1}, "Configuration: 'MediaType' is a required property"),
    ],
)
def test_a_configuration_against_the_schema_is_refused_by_name_before_any_work(
    event: dict[str, Any], configuration: dict[str, Any], complaint: str
) -> None:
    worked: list[Task] = []
    look = operator(configuration_schema=SCHEMA)(worked.append)

    with pytest.raises(InvalidInput) as refusal:
        look({**event, "Configuration": configuration})

    assert str(refusal.value).startswith(complaint)
    assert type(refusal.value).__name__ == "InvalidInput"
    assert worked == []


def test_a_schema_without_the_package_jsonschema_says_what_to_add(
    event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "jsonschema.validators", None)

    with pytest.raises(NotConfigured, match="add it to the function's archive"):
        operator(configuration_schema=SCHEMA)(lambda task: None)(event)


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (math.nan, "MetaData.result is NaN"),
        ({"scores": [1.0, -math.inf]}, r"MetaData.result.scores\[1\] is -Infinity"),
        (2**53, r"MetaData.result is an integer beyond 2\^53 - 1"),
        ({1: "x"}, "MetaData.result has a key of type int"),
        (b"bytes", "MetaData.result is of type bytes, which is not JSON"),
        ({"when": object()}, "MetaData.result.when is of type object"),
    ],
)
def test_metadata_that_json_would_lose_is_refused_by_name(event: dict[str, Any], value: Any, complaint: str) -> None:
    with pytest.raises(InvalidOutput, match=complaint):
        operator(lambda task: {"result": value})(event)


def test_metadata_put_in_behind_the_helpers_back_is_checked_too(event: dict[str, Any]) -> None:
    def sneak(task: Task) -> None:
        task.results["x"] = math.inf

    with pytest.raises(InvalidOutput, match=r"MetaData\.x is Infinity"):
        operator(sneak)(event)


def test_metadata_that_contains_itself_is_refused(event: dict[str, Any]) -> None:
    loop: dict[str, Any] = {}
    loop["self"] = loop

    with pytest.raises(InvalidOutput, match="nested deeper"):
        operator(lambda task: loop)(event)


def test_the_largest_exact_integer_and_extreme_doubles_pass(event: dict[str, Any]) -> None:
    numbers = {"n": 2**53 - 1, "small": 1e-200, "large": 1e300}

    assert json.loads(json.dumps(operator(lambda task: numbers)(event)))["MetaData"] == numbers


def test_an_answer_that_is_no_dictionary_is_refused(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidOutput, match="returned a list"):
        operator(lambda task: ["x"])(event)  # type: ignore[arg-type, return-value]


@pytest.mark.parametrize("missing", ["Name", "AssetId", "WorkflowExecutionId", "Input", "Configuration", "Status"])
def test_an_event_of_something_else_is_refused_by_member(event: dict[str, Any], missing: str) -> None:
    del event[missing]

    with pytest.raises(InvalidInput, match=f"the event has no {missing}"):
        operator(lambda task: None)(event)


def test_an_error_of_the_author_is_left_as_it_is_and_the_directory_is_gone(event: dict[str, Any]) -> None:
    seen = []

    def fail(task: Task) -> None:
        seen.append(task.directory)
        raise LookupError("no such thing")

    with pytest.raises(LookupError, match="no such thing"):
        operator(fail)(event)
    assert not seen[0].exists()


def test_absent_media_is_invalid_input_that_names_what_there_is(event: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=r"no media of type 'Audio' to work on; present: Video"):
        Task(event).source("Audio")


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 1500


def test_the_remaining_time_comes_from_lambdas_context(event: dict[str, Any]) -> None:
    assert Task(event, Context()).remaining_seconds() == 1.5


def test_an_operator_error_is_no_invalid_input() -> None:
    assert not issubclass(OperatorError, InvalidInput)


def test_the_task_shows_what_tells_calls_apart_and_what_a_callback_is_answered_with(event: dict[str, Any]) -> None:
    task = Task({**event, "IdempotencyKey": "run/stage/look/2", "TaskToken": "AQCE"})

    assert (task.idempotency_key, task.token) == ("run/stage/look/2", "AQCE")
    assert (Task(event).idempotency_key, Task(event).token) == (None, None)

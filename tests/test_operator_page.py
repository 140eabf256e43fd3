"""What docs/operators.md shows is what its examples are, and they do what the page says."""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from mediawright import InvalidInput, Task

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = ROOT / "docs" / "examples"
PAGE = (ROOT / "docs" / "operators.md").read_text(encoding="utf-8")
EVENT: dict[str, Any] = json.loads(re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)[0])


def example(name: str) -> Any:
    """A file of the examples, loaded as Lambda would."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", EXAMPLES / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_every_block_of_python_is_in_an_example() -> None:
    files = [path.read_text(encoding="utf-8") for path in EXAMPLES.glob("*.py")]
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

    assert len(blocks) == 3
    for block in blocks:
        assert any(block in text for text in files), block


def test_the_event_is_one_that_the_helper_takes() -> None:
    task = Task(EVENT)

    assert task.source() == {"S3Bucket": "mediawright-data", "S3Key": "upload/notes.txt"}
    assert task.idempotency_key == EVENT["IdempotencyKey"]


def test_the_plain_operator_answers_the_event_with_its_finding() -> None:
    answer = example("plain").lambda_handler(EVENT, None)

    assert answer == {**EVENT, "Status": "Complete", "MetaData": {"source": "upload/notes.txt"}}


def test_the_two_functions_hand_on_to_one_another_until_the_work_is_done() -> None:
    lines = example("lines")

    begun = lines.begin(EVENT)
    once = lines.look(begun)
    twice = lines.look(once)

    assert [answer["Status"] for answer in (begun, once, twice)] == ["Executing", "Executing", "Complete"]
    assert twice["MetaData"] == {"job": EVENT["IdempotencyKey"], "looks": 2}


@pytest.mark.parametrize("wrong", [{"LinesPerPage": 0}, {"LinesPerPage": "many"}, {"Lines": 5}])
def test_a_wrong_configuration_is_named_before_anything_is_fetched(wrong: dict[str, Any]) -> None:
    event = {**EVENT, "Configuration": {"MediaType": "Text", "Enabled": True, **wrong}}

    with pytest.raises(InvalidInput, match=next(iter(wrong))):
        example("lines").number(event)

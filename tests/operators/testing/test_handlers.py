from __future__ import annotations

from typing import Any

import pytest

from mediawright import OperatorError
from operators.testing import handlers


def event(**metadata: Any) -> dict[str, Any]:
    return {
        "Name": "probe",
        "AssetId": "a",
        "WorkflowExecutionId": "r",
        "Input": {},
        "Configuration": {},
        "Status": "Started",
        "MetaData": metadata,
    }


def test_one_completes() -> None:
    answer = handlers.sync_ok(event())

    assert (answer["Status"], answer["MetaData"]) == ("Complete", {"probe": "complete"})


@pytest.mark.parametrize("handler", [handlers.sync_fail, handlers.async_fail_monitor])
def test_some_fail(handler: Any) -> None:
    with pytest.raises(OperatorError, match="probe fails on purpose"):
        handler(event())


def test_one_is_at_work_until_it_is_asked_twice() -> None:
    begun = handlers.async_ok(event())
    first = handlers.async_ok_monitor(event(**begun["MetaData"]))
    second = handlers.async_ok_monitor(event(**first["MetaData"]))

    assert [answer["Status"] for answer in (begun, first, second)] == ["Executing", "Executing", "Complete"]

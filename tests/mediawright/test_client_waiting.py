from __future__ import annotations

from typing import Any

import pytest
from fake_api import FakeApi, Reply

from mediawright.client import BATCH_ENDED, Client, RunTimeout


def run(status: str, **members: Any) -> dict[str, Any]:
    return {"Id": "r", "Status": status, **members}


def test_a_run_is_followed_to_its_end_and_every_change_is_told_once(api: FakeApi, client: Client) -> None:
    states = [run("Queued"), run("Queued"), run("Started"), run("Started", n=1), run("Started", n=1), run("Complete")]
    api.on("GET", "/workflow/execution/r", [Reply(state) for state in states])
    told: list[Any] = []

    ended = client.wait("r", told.append)

    assert ended == run("Complete")
    assert told == [run("Queued"), run("Started"), run("Started", n=1), run("Complete")]


@pytest.mark.parametrize("status", ["Complete", "Error", "Canceled"])
def test_a_run_may_end_in_three_ways(api: FakeApi, client: Client, status: str) -> None:
    api.on("GET", "/workflow/execution/r", run(status))

    assert client.wait("r")["Status"] == status
    assert len(api.requests) == 1


def test_the_pauses_grow_from_a_tenth_to_a_second(api: FakeApi) -> None:
    pauses: list[float] = []
    api.on("GET", "/workflow/execution/r", [*[Reply(run("Started"))] * 20, Reply(run("Complete"))])

    with Client(api.endpoint, sleep=pauses.append) as client:
        client.wait("r")

    assert pauses[0] == 0.1
    assert pauses == sorted(pauses)
    assert pauses[-1] == 1.0


def test_a_run_that_takes_too_long_is_said_to_go_on(api: FakeApi, client: Client) -> None:
    api.on("GET", "/workflow/execution/r", run("Waiting"))

    with pytest.raises(RunTimeout, match="has not ended within 0 seconds: it is Waiting"):
        client.wait("r", timeout=0)


@pytest.mark.parametrize("status", BATCH_ENDED)
def test_a_batch_is_followed_to_its_end_too(api: FakeApi, client: Client, status: str) -> None:
    states = [{"Id": "b", "Status": step} for step in ("Checking", "Submitting", "Running", status)]
    api.on("GET", "/workflow/execution/batch/b", [Reply(state) for state in states])
    told: list[Any] = []

    assert client.wait_batch("b", told.append) == states[-1]
    assert told == states


def test_a_batch_that_takes_too_long_is_said_to_go_on(api: FakeApi, client: Client) -> None:
    api.on("GET", "/workflow/execution/batch/b", {"Id": "b", "Status": "Running"})

    with pytest.raises(RunTimeout, match="batch b has not ended within 0 seconds: it is Running"):
        client.wait_batch("b", timeout=0)

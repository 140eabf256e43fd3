"""Expired items are deleted by the service, later than they expire, and their records say by whom."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from infrastructure.local.clock import CLOCK
from infrastructure.local.dynamodb import expiry, streams
from infrastructure.local.events.sources import passes
from infrastructure.local.faults import FAULTS
from tests.infrastructure.local.dynamodb.world import TABLE, get, item, put, running, wire

SECONDS = 10


@pytest.fixture
def client() -> Iterator[Any]:
    with running() as client:
        client.update_time_to_live(
            TableName=TABLE, TimeToLiveSpecification={"Enabled": True, "AttributeName": "ExpiresAt"}
        )
        yield client
        CLOCK.reset()


@pytest.fixture
def background(client: Any) -> Iterator[expiry.Expiry]:
    running = expiry.Expiry()
    yield running
    running.stop()


def in_seconds(seconds: float) -> int:
    return int(CLOCK.now() + seconds)


def test_only_what_has_expired_is_deleted(client: Any) -> None:
    put(client, "past", ExpiresAt=in_seconds(-10))
    put(client, "future", ExpiresAt=in_seconds(1000))
    put(client, "none")
    put(client, "text", ExpiresAt=str(in_seconds(-10)))
    put(client, "six years ago", ExpiresAt=in_seconds(-6 * 365 * 86400))

    assert expiry.expire(CLOCK.now()) == 1

    assert get(client, "past") is None
    assert all(get(client, run) for run in ("future", "none", "text", "six years ago"))


def test_a_move_of_the_clock_deletes_what_it_makes_expire(client: Any, background: expiry.Expiry) -> None:
    put(client, "soon", ExpiresAt=in_seconds(3600))
    put(client, "later", ExpiresAt=in_seconds(7300))

    CLOCK.move(3610)

    assert get(client, "soon") is None
    assert get(client, "later") is not None


def test_an_expired_item_stands_as_long_as_told_and_can_be_changed(client: Any, background: expiry.Expiry) -> None:
    FAULTS.expiry_lag = 86400
    put(client, "gone soon", ExpiresAt=in_seconds(60))
    put(client, "saved", ExpiresAt=in_seconds(60))
    CLOCK.move(3600)
    assert get(client, "gone soon") is not None

    put(client, "saved", ExpiresAt=in_seconds(100 * 86400))
    CLOCK.move(2 * 86400)

    assert get(client, "gone soon") is None
    assert get(client, "saved") is not None


def test_the_background_pass_needs_nobody(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "PASS_SECONDS", 0.01)
    put(client, "past", ExpiresAt=in_seconds(-10))
    background = expiry.Expiry()
    try:
        waited = threading.Event()
        for _ in range(500):
            if get(client, "past") is None or waited.wait(0.01):
                break
        assert get(client, "past") is None
    finally:
        background.stop()


def test_a_record_of_an_expired_item_names_the_service(client: Any) -> None:
    records: list[dict[str, Any]] = []
    streams.install(lambda _arn, batch: records.extend(batch))
    expires = in_seconds(-10)
    put(client, "a", ExpiresAt=expires)
    put(client, "b")
    client.delete_item(TableName=TABLE, Key=item("b"))

    expiry.expire(CLOCK.now())

    assert streams.drain(SECONDS)
    removed = {r["dynamodb"]["Keys"]["Id"]["S"]: r for r in records if r["eventName"] == "REMOVE"}
    assert removed["a"]["userIdentity"] == {"type": "Service", "principalId": "dynamodb.amazonaws.com"}
    assert removed["a"]["dynamodb"]["OldImage"] == item("a", ExpiresAt=expires)
    assert "userIdentity" not in removed["b"]
    by_service = {"Filters": [{"Pattern": '{"userIdentity": {"type": ["Service"]}}'}]}
    assert [passes(by_service, removed[run]) for run in "ab"] == [True, False]


def test_without_time_to_live_nothing_expires(client: Any) -> None:
    client.update_time_to_live(
        TableName=TABLE, TimeToLiveSpecification={"Enabled": False, "AttributeName": "ExpiresAt"}
    )
    put(client, "past", ExpiresAt=in_seconds(-10))

    assert expiry.expire(CLOCK.now()) == 0
    assert client.get_item(TableName=TABLE, Key=item("past"))["Item"]["Id"] == wire("past")

"""Schedule expressions name the moments that AWS documents for them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from infrastructure.local.events.schedules import InvalidSchedule, parse_once, parse_schedule

START = datetime(2026, 11, 2, 10, 7, 30, tzinfo=UTC)  # a Monday


@pytest.mark.parametrize(
    ("expression", "moments"),
    [
        ("rate(1 minute)", ["2026-11-02T10:08:30", "2026-11-02T10:09:30"]),
        ("rate(5 minutes)", ["2026-11-02T10:12:30"]),
        ("rate(2 hours)", ["2026-11-02T12:07:30"]),
        ("rate(7 days)", ["2026-11-09T10:07:30"]),
        ("cron(0 12 * * ? *)", ["2026-11-02T12:00:00", "2026-11-03T12:00:00"]),
        ("cron(15 10 ? * * *)", ["2026-11-02T10:15:00"]),
        ("cron(0/15 * * * ? *)", ["2026-11-02T10:15:00", "2026-11-02T10:30:00"]),
        ("cron(0 18 ? * MON-FRI *)", ["2026-11-02T18:00:00", "2026-11-03T18:00:00"]),
        ("cron(0 8 1 * ? *)", ["2026-12-01T08:00:00"]),
        ("cron(0 8 L * ? *)", ["2026-11-30T08:00:00", "2026-12-31T08:00:00"]),
        ("cron(0 9 ? * 2#1 *)", ["2026-12-07T09:00:00"]),
        ("cron(0 9 ? * FRIL *)", ["2026-11-27T09:00:00"]),
        ("cron(0 9 21W * ? *)", ["2026-11-20T09:00:00", "2026-12-21T09:00:00"]),
        ("cron(0 9 1W 5,8 ? *)", ["2027-05-03T09:00:00", "2027-08-02T09:00:00"]),
        ("cron(0 9 LW 1 ? *)", ["2027-01-29T09:00:00", "2028-01-31T09:00:00"]),
        ("cron(0 9 31W 2,3 ? *)", ["2027-03-31T09:00:00"]),
        ("cron(0 0 29 FEB ? *)", ["2028-02-29T00:00:00"]),
        ("cron(5,6 8-9 ? * SAT 2026)", ["2026-11-07T08:05:00", "2026-11-07T08:06:00", "2026-11-07T09:05:00"]),
    ],
)
def test_a_schedule_fires_at(expression: str, moments: list[str]) -> None:
    schedule = parse_schedule(expression)
    moment: float | None = START.timestamp()
    fired = []

    for _ in moments:
        assert moment is not None
        moment = schedule.next_after(moment)
        assert moment is not None
        fired.append(datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%S"))

    assert fired == moments


def test_a_schedule_in_the_past_never_fires() -> None:
    assert parse_schedule("cron(0 0 1 1 ? 2020)").next_after(START.timestamp()) is None


@pytest.mark.parametrize(
    "expression",
    [
        "rate(0 minutes)",
        "rate(5 seconds)",
        "cron(0 12 * * *)",
        "cron(0 12 * * * *)",
        "cron(0 12 ? * ? *)",
        "cron(60 12 * * ? *)",
        "cron(0 12 * XXX ? *)",
        "cron(0 12 32W * ? *)",
        "cron(0 12 * * ? *",
        "at(2026-01-01)",
    ],
)
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(InvalidSchedule):
        parse_schedule(expression)


def test_a_single_moment_and_a_cron_go_by_the_clocks_of_a_zone() -> None:
    zone = ZoneInfo("America/New_York")
    at = parse_once("at(2026-11-02T06:00:00)")
    noon = parse_once("cron(0 12 * * ? *)")

    assert at.next_after(START.timestamp(), zone) == datetime(2026, 11, 2, 11, tzinfo=UTC).timestamp()
    assert at.next_after(START.timestamp()) is None
    assert noon.next_after(START.timestamp(), zone) == datetime(2026, 11, 2, 17, tzinfo=UTC).timestamp()


@pytest.mark.parametrize("expression", ["at(2026-13-01T00:00:00)", "at(2026-01-01)", "at()", "rate(5)"])
def test_what_names_no_moment_is_refused(expression: str) -> None:
    with pytest.raises(InvalidSchedule):
        parse_once(expression)

from __future__ import annotations

import pytest

from chalicelib.triggers import schedules
from chalicelib.web.errors import BadRequestError


@pytest.mark.parametrize(
    "expression",
    [
        "rate(1 minute)",
        "rate(12 hours)",
        "at(2026-11-21T04:05:06)",
        "cron(0 10 * * ? *)",
        "cron(15 12 * * ? *)",
        "cron(0/15 * * * ? *)",
        "cron(0 18 ? * MON-FRI *)",
        "cron(0/5 8-17 ? * mon-fri 2026-2030)",
        "cron(0 8 1,15 JAN,jul ? *)",
        "cron(0 0 L * ? *)",
        "cron(0 0 LW * ? *)",
        "cron(0 0 15W * ? *)",
        "cron(0 0 ? * 6L *)",
        "cron(0 0 ? * 3#2 *)",
        "cron(0 0 ? * L 2026)",
    ],
)
def test_what_scheduler_takes_is_taken(expression: str) -> None:
    schedules.check(expression, None)


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ("", "is expected"),
        ("every day", "is expected"),
        ("rate(0 minutes)", "at least 1"),
        ("rate(5 weeks)", "is expected"),
        ("rate(-5 minutes)", "is expected"),
        ("rate(5 minutes)\n", "is expected"),
        ("at(2026-02-30T00:00:00)", "there is no time"),
        ("at(2026-11-21)", "is expected"),
        ("cron(0 10 * * *)", "six fields"),
        ("cron(0 10 * * * *)", "exactly one"),
        ("cron(0 10 ? * ? *)", "exactly one"),
        ("cron(60 10 * * ? *)", "minutes"),
        ("cron(0 24 * * ? *)", "hours"),
        ("cron(0 0 32 * ? *)", "day-of-month"),
        ("cron(0 0 0 * ? *)", "day-of-month"),
        ("cron(0 0 32W * ? *)", "day-of-month"),
        ("cron(0 0 1 13 ? *)", "month"),
        ("cron(0 0 1 FOO ? *)", "month"),
        ("cron(0 0 ? * 8 *)", "day-of-week"),
        ("cron(0 0 ? * 3#6 *)", "day-of-week"),
        ("cron(0 0 ? * 3#1,6#3 *)", "day-of-week"),
        ("cron(0 0 1 1 ? 1969)", "year"),
        ("cron(0/0 * * * ? *)", "minutes"),
        ("cron(1- * * * ? *)", "minutes"),
        ("cron(, * * * ? *)", "minutes"),
        ("cron(? 0 1 * ? *)", "minutes"),
        ("cron(\u0661 0 1 * ? *)", "minutes"),
    ],
)
def test_what_it_does_not_take_is_refused_by_name(expression: str, words: str) -> None:
    with pytest.raises(BadRequestError, match=r"^Schedule\.Expression: ") as refusal:
        schedules.check(expression, None)

    assert words in str(refusal.value)


def test_a_time_zone_must_exist() -> None:
    for known in ("UTC", "Europe/Berlin", "America/New_York"):
        schedules.check("rate(1 day)", known)

    for unknown in ("Mars/Olympus", "../etc/passwd", "europe/berlin"):
        with pytest.raises(BadRequestError, match=r"^Schedule\.Timezone: "):
            schedules.check("rate(1 day)", unknown)

"""Schedule expressions of EventBridge rules and of EventBridge Scheduler: `rate(5 minutes)`, `cron(0 12 * * ? *)`
and, for Scheduler only, `at(2026-11-21T13:00:00)`.

Source: the EventBridge user guide, "Setting a schedule pattern for scheduled rules", and the EventBridge Scheduler
user guide, "Schedule types".
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

_RATE = re.compile(r"rate\((\d+) (minute|hour|day)s?\)")
_CRON = re.compile(r"cron\((.+)\)")
_AT = re.compile(r"at\((\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})\)")
_SECONDS = {"minute": 60, "hour": 3600, "day": 86400}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
_LAST_YEAR = 2199


class InvalidSchedule(ValueError):
    """The expression is neither a rate nor a cron of AWS's."""


@dataclass(frozen=True)
class Rate:
    """Every so many seconds."""

    seconds: int

    def next_after(self, moment: float, zone: tzinfo = UTC) -> float | None:  # noqa: ARG002  as Cron's
        """Epoch seconds of the next firing after one at `moment`."""
        return moment + self.seconds


@dataclass(frozen=True)
class At:
    """Once, at a time of day of the schedule's time zone."""

    local: datetime

    def next_after(self, moment: float, zone: tzinfo = UTC) -> float | None:
        """Epoch seconds of the firing; None when it is over."""
        at = self.local.replace(tzinfo=zone).timestamp()
        return at if at > moment else None


@dataclass(frozen=True)
class Cron:
    """Sets of minutes, hours, months and years; days stay text, since they depend on the month."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: str
    months: frozenset[int]
    weekdays: str
    years: frozenset[int]

    def next_after(self, moment: float, zone: tzinfo = UTC) -> float | None:
        """Epoch seconds of the first firing after `moment`, by the clocks of a time zone; None when there is none."""
        start = datetime.fromtimestamp(moment, zone).replace(second=0, microsecond=0) + timedelta(minutes=1)
        day = start.date()
        while self.years and day.year <= max(self.years):
            if day.year in self.years and day.month in self.months and self._on(day):
                found = self._first(day, start)
                if found:
                    return found.timestamp()
            day += timedelta(days=1)
        return None

    def _first(self, day: date, start: datetime) -> datetime | None:
        moments = (
            datetime(day.year, day.month, day.day, hour, minute, tzinfo=start.tzinfo)
            for hour in self.hours
            for minute in self.minutes
        )
        return next((moment for moment in moments if moment >= start), None)

    def _on(self, day: date) -> bool:
        if self.weekdays == "?":
            return _month_day_matches(self.days, day)
        return _weekday_matches(self.weekdays, day)


def parse_once(expression: str) -> At | Rate | Cron:
    """Read an expression of Scheduler's, which may name a single moment; raises InvalidSchedule."""
    at = _AT.fullmatch(expression.strip())
    if not at:
        return parse_schedule(expression)
    try:
        return At(datetime.fromisoformat(at[1]))
    except ValueError as error:
        raise InvalidSchedule(f"no such moment: {expression!r}") from error


def parse_schedule(expression: str) -> Rate | Cron:
    """Read an expression; raises InvalidSchedule."""
    rate = _RATE.fullmatch(expression.strip())
    if rate and int(rate[1]) > 0:
        return Rate(int(rate[1]) * _SECONDS[rate[2]])
    cron = _CRON.fullmatch(expression.strip())
    fields = cron[1].split() if cron else []
    if len(fields) != 6:
        raise InvalidSchedule(f"not a schedule expression: {expression!r}")
    minutes, hours, days, months, weekdays, years = (field.upper() for field in fields)
    if (days == "?") == (weekdays == "?"):
        raise InvalidSchedule("exactly one of day-of-month and day-of-week must be ?")
    parsed = Cron(
        tuple(sorted(_values(minutes, 0, 59))),
        tuple(sorted(_values(hours, 0, 23))),
        days,
        _values(months, 1, 12, _MONTHS),
        weekdays,
        _values(years, 1970, _LAST_YEAR),
    )
    parsed._on(date(2000, 1, 1))  # reads the days, so that a mistake in them is found now
    return parsed


def _month_day_matches(field: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if field == "L":
        return day.day == last
    nearest = re.fullmatch(r"(\d+|L)W", field)
    if nearest:
        return day.day == _nearest_weekday(
            day, last if nearest[1] == "L" else _in_range(int(nearest[1]), 1, 31), last
        )
    return day.day in _values(field, 1, 31)


def _nearest_weekday(month: date, wanted: int, last: int) -> int:
    """The day from Monday to Friday nearest to a day of the month, within the month; 0 when it has no such day."""
    if wanted > last:
        return 0
    weekday = month.replace(day=wanted).isoweekday()
    if weekday == 6:
        return wanted - 1 if wanted > 1 else wanted + 2
    if weekday == 7:
        return wanted + 1 if wanted < last else wanted - 2
    return wanted


def _in_range(number: int, low: int, high: int) -> int:
    if not low <= number <= high:
        raise InvalidSchedule(f"{number} is not within {low}-{high}")
    return number


def _weekday_matches(field: str, day: date) -> bool:
    number = day.isoweekday() % 7 + 1
    nth = re.fullmatch(r"(\w+)#([1-5])", field)
    if nth:
        return number in _values(nth[1], 1, 7, _WEEKDAYS) and (day.day - 1) // 7 + 1 == int(nth[2])
    last = re.fullmatch(r"(\w+)L", field)
    if last:
        in_last_week = day.day + 7 > calendar.monthrange(day.year, day.month)[1]
        return in_last_week and number in _values(last[1], 1, 7, _WEEKDAYS)
    return number in _values("SAT" if field == "L" else field, 1, 7, _WEEKDAYS)


def _values(field: str, low: int, high: int, names: dict[str, int] | None = None) -> frozenset[int]:
    """The numbers that a field of a cron expression stands for."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            begin, end = low, high
        else:
            begin = _number(first, names)
            end = _number(last, names) if last else (high if step else begin)
        size = _number(step, None) if step else 1
        if not low <= begin <= end <= high or size < 1:
            raise InvalidSchedule(f"{part!r} is not within {low}-{high}")
        found.update(range(begin, end + 1, size))
    return frozenset(found)


def _number(text: str, names: dict[str, int] | None) -> int:
    if names and text in names:
        return names[text]
    if not text.isdigit():
        raise InvalidSchedule(f"{text!r} is not a number")
    return int(text)

"""Schedule expressions as EventBridge Scheduler takes them: `rate`, `cron` of six fields, `at`.

Source: the EventBridge Scheduler user guide, "Schedule types".
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from chalicelib.web.errors import BadRequestError, shown

_RATE = re.compile(r"rate\(([0-9]{1,9}) (minute|minutes|hour|hours|day|days)\)")
_CRON = re.compile(r"cron\(([^()]+)\)")
_AT = re.compile(r"at\(([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})\)")
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_DEEPEST_STEP = 2199


@dataclass(frozen=True)
class _Field:
    """One field of a cron expression; `special` judges what only this field may say."""

    name: str
    least: int
    most: int
    names: tuple[str, ...] = ()
    special: Callable[[str], bool] = lambda _: False


def _day_of_month(text: str) -> bool:
    weekday = re.fullmatch(r"([0-9]{1,2})W", text)
    return text in ("L", "LW") or bool(weekday and 1 <= int(weekday[1]) <= 31)


def _day_of_week(text: str) -> bool:
    return (
        re.fullmatch(r"([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)?L|([1-7]|SUN|MON|TUE|WED|THU|FRI|SAT)#[1-5]", text)
        is not None
    )


_FIELDS = (
    _Field("minutes", 0, 59),
    _Field("hours", 0, 23),
    _Field("day-of-month", 1, 31, special=_day_of_month),
    _Field("month", 1, 12, _MONTHS),
    _Field("day-of-week", 1, 7, _DAYS, _day_of_week),
    _Field("year", 1970, 2199),
)


def check(expression: str, timezone: str | None) -> None:
    """Raise BadRequestError naming the field unless Scheduler takes the expression and knows the time zone."""
    if timezone is not None:
        _check_timezone(timezone)
    if match := _RATE.fullmatch(expression):
        if int(match[1]) < 1:
            raise _wrong("a rate is at least 1")
    elif match := _CRON.fullmatch(expression):
        _check_cron(match[1])
    elif match := _AT.fullmatch(expression):
        _check_at(match[1])
    else:
        raise _wrong("rate(5 minutes), cron(0 10 * * ? *) or at(2026-11-21T04:05:06) is expected")


def check_ahead(expression: str, timezone: str | None, now: float) -> None:
    """Raise BadRequestError for an `at` that is over at an epoch time: it would never fire. Both are checked."""
    match = _AT.fullmatch(expression)
    if match is None:
        return
    moment = datetime.fromisoformat(match[1]).replace(tzinfo=_zone(timezone))
    if moment.timestamp() <= now:
        raise _wrong(f"{match[1]} ({timezone or 'UTC'}) is over, so it would never fire")


def _zone(timezone: str | None) -> tzinfo:
    from dateutil.zoneinfo import get_zonefile_instance

    zone: tzinfo | None = None if timezone in (None, "UTC") else get_zonefile_instance().get(timezone)
    return zone or UTC


def _check_timezone(timezone: str) -> None:
    from dateutil.zoneinfo import get_zonefile_instance

    if timezone != "UTC" and timezone not in get_zonefile_instance().zones:
        raise BadRequestError(f"Schedule.Timezone: {shown(timezone)} is no time zone such as Europe/Berlin")


def _check_at(moment: str) -> None:
    try:
        datetime.fromisoformat(moment)
    except ValueError:
        raise _wrong(f"there is no time {moment}") from None


def _check_cron(text: str) -> None:
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise _wrong(f"cron has six fields (minutes hours day-of-month month day-of-week year), not {len(parts)}")
    if (parts[2] == "?") == (parts[4] == "?"):
        raise _wrong("exactly one of day-of-month and day-of-week is '?'")
    for field, part in zip(_FIELDS, parts, strict=True):
        is_free = part == "?" and field.name in ("day-of-month", "day-of-week")
        # "#" and "L" of a week stand alone
        if not is_free and not field.special(part) and not all(_fits(field, item) for item in part.split(",")):
            raise _wrong(f"{shown(part)} is nothing that {field.name} may be")


def _fits(field: _Field, item: str) -> bool:
    span, slash, step = item.partition("/")
    if slash and not (step.isascii() and step.isdigit() and 1 <= int(step[:9]) <= _DEEPEST_STEP):
        return False
    if span == "*":
        return True
    first, dash, last = span.partition("-")
    bounds = [_value(field, first)] + ([_value(field, last)] if dash else [])
    return all(bound is not None and field.least <= bound <= field.most for bound in bounds) or (
        not dash and not slash and field.special(span) and "#" not in span
    )


def _value(field: _Field, text: str) -> int | None:
    if text.upper() in field.names:
        return field.names.index(text.upper()) + 1
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 4 else None


def _wrong(reason: str) -> BadRequestError:
    return BadRequestError(f"Schedule.Expression: {reason}")

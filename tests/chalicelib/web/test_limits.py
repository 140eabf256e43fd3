"""A user's share of each minute and route."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from chalicelib.aws import clock
from chalicelib.web import limits
from chalicelib.web.errors import TooManyRequestsError

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time of day, to be set."""
    moment = [1_800_000_015.0]
    monkeypatch.setattr(clock, "time_source", lambda: moment[0])
    return moment


def refused(user: str = "ada", route: str = "webp", most: int = 3) -> TooManyRequestsError | None:
    try:
        limits.count(user, route, most)
    except TooManyRequestsError as error:
        return error
    return None


def test_so_many_in_a_minute_and_no_more(at: list[float]) -> None:
    assert [refused() for _ in range(3)] == [None] * 3

    error = refused()
    assert error is not None
    assert error.headers == {"Retry-After": "45"}
    assert "3 per 1 minute" in str(error)


def test_the_next_minute_and_other_users_and_routes_have_their_own(at: list[float]) -> None:
    while refused() is None:
        pass

    assert refused(user="bob") is None
    assert refused(route="avif") is None
    at[0] += 45
    assert refused() is None


def test_of_many_at_once_exactly_as_many_pass_as_may(at: list[float]) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: refused(most=10), range(40)))

    assert outcomes.count(None) == 10

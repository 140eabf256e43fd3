"""The embedded AWS's clock: durations by its speed, a time of day that can be put forward."""

from __future__ import annotations

import threading
import time

import pytest

from infrastructure.local.clock import Clock


def test_the_time_of_day_is_the_real_one_plus_what_it_was_moved_by() -> None:
    clock = Clock(speed=100)

    clock.move(3600)
    clock.move(60.5)

    assert clock.now() - time.time() == pytest.approx(3660.5, abs=0.5)
    clock.reset()
    assert clock.now() == pytest.approx(time.time(), abs=0.5)


def test_it_never_goes_back() -> None:
    clock = Clock()

    with pytest.raises(ValueError, match="forward only"):
        clock.move(-1)

    assert clock.moved == 0


def test_hooks_see_the_moved_clock_before_move_returns_until_they_are_taken_off() -> None:
    clock = Clock()
    seen: list[float] = []
    forget = clock.at_move(lambda: seen.append(clock.moved))

    clock.move(5)
    forget()
    forget()
    clock.move(5)

    assert seen == [5]


def test_a_sleeper_wakes_when_the_clock_is_moved_past_its_end() -> None:
    clock = Clock()
    slept: list[bool] = []
    sleeper = threading.Thread(target=lambda: slept.append(clock.sleep(3600)))
    sleeper.start()

    clock.move(3600)

    sleeper.join(5)
    assert slept == [False]


def test_a_sleep_is_scaled_and_can_be_stopped() -> None:
    clock = Clock(speed=1000)
    stop = threading.Event()

    assert clock.sleep(1, stop) is False
    stop.set()
    assert clock.sleep(1_000_000, stop) is True

"""A machine for an old revision's retries: kept, made anew, and never deleted under whoever was promised it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.aws import clients, clock, stepfunctions
from chalicelib.definitions import machines as gateway
from chalicelib.definitions import revisions, store
from chalicelib.definitions.revision import Revision
from chalicelib.web.errors import ConflictError, UnavailableError
from tests.chalicelib.api import Api, Reply
from tests.chalicelib.definitions.conftest import chain, items, machines

HOUR = 3600.0


class Time:
    """The time of day, which passes when it is told to."""

    def __init__(self) -> None:
        self.moment = 1_800_000_000.0

    def pass_by(self, seconds: float = HOUR) -> None:
        self.moment += seconds


@pytest.fixture
def time(monkeypatch: pytest.MonkeyPatch) -> Time:
    made = Time()
    monkeypatch.setattr(clock, "time_source", lambda: made.moment)
    return made


@pytest.fixture
def film(time: Time, two_stages: Reply) -> Revision:
    """The revision that an old run of the workflow refers to."""
    revision = revisions.current("film")
    time.pass_by()
    return revision


def sweep() -> None:
    """What the sweep does when no run is live."""
    for machine in revisions.retired():
        revisions.discard(machine.machine_arn)


def standing() -> list[str]:
    """The machines that exist of the workflow and of the operations' stages."""
    return [name for name in machines() if name.startswith(("film-", "_"))]


def short(arn: str) -> str:
    return arn.rsplit(":", 1)[1]


def delete_behind_the_engines_back(arn: str) -> None:
    clients.client("stepfunctions").delete_state_machine(stateMachineArn=arn)


def test_a_machine_that_a_definition_refers_to_is_its_own(film: Revision) -> None:
    assert revisions.machine_for(film) == film.machine_arn
    assert items("retired") == []


def test_a_retired_machine_is_kept_for_whoever_was_promised_it(film: Revision, api: Api, time: Time) -> None:
    api("PUT", "/workflow", {"Name": "film", **chain("write")})
    time.pass_by()
    assert [machine.machine_arn for machine in revisions.retired()] == [film.machine_arn]

    assert revisions.machine_for(film) == film.machine_arn

    assert revisions.retired() == []
    revisions.discard(film.machine_arn)
    assert short(film.machine_arn) in standing()
    time.pass_by()
    sweep()
    assert short(film.machine_arn) not in standing()


def test_a_machine_that_is_gone_is_made_again_once_and_swept_as_others(film: Revision, api: Api, time: Time) -> None:
    api("DELETE", "/workflow/film")
    time.pass_by()
    sweep()
    assert standing() == items("retired") == []

    made = revisions.machine_for(film)

    assert made != film.machine_arn
    assert standing() == [short(made)]
    described = clients.client("stepfunctions").describe_state_machine(stateMachineArn=made)
    assert described["definition"] == revisions.definition_text(film.stages)
    assert revisions.machine_for(film) == made
    time.pass_by(10 * 60)
    assert revisions.machine_for(film) == made
    time.pass_by(10 * 60)
    sweep()
    assert standing() == [short(made)]

    time.pass_by()
    sweep()
    assert standing() == items("retired") == []
    again = revisions.machine_for(film)
    assert again not in (made, film.machine_arn)
    assert standing() == [short(again)]


def test_a_machine_deleted_behind_the_engines_back_is_noticed(film: Revision) -> None:
    delete_behind_the_engines_back(film.machine_arn)

    made = revisions.machine_for(film)

    assert standing() == [short(made)]
    assert revisions.machine_for(film) == made


def test_a_machine_just_made_counts_though_aws_may_not_know_it_yet(
    film: Revision, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete_behind_the_engines_back(film.machine_arn)
    made = revisions.machine_for(film)
    monkeypatch.setattr(stepfunctions, "has_machine", lambda _: False)

    assert revisions.machine_for(film) == made
    time.pass_by(revisions.SETTLING_SECONDS + 1)
    assert revisions.machine_for(film) != made


def test_the_stage_of_an_operation_is_revived_too(operation: Callable[..., Reply], time: Time, api: Api) -> None:
    operation("op-a")
    revision = revisions.current_stage("_op-a")
    api("DELETE", "/workflow/operation/op-a")
    time.pass_by()
    sweep()

    assert standing() == []
    assert short(revisions.machine_for(revision)) in standing()


def test_what_the_sweep_has_begun_to_delete_is_promised_to_nobody(
    film: Revision, api: Api, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    api("DELETE", "/workflow/film")
    time.pass_by()
    promised: list[str] = []
    delete = stepfunctions.delete_machine

    def overtaken(arn: str) -> None:
        promised.append(revisions.machine_for(film))
        delete(arn)

    monkeypatch.setattr(stepfunctions, "delete_machine", overtaken)
    revisions.discard(film.machine_arn)

    assert promised != [film.machine_arn]
    assert standing() == [short(promised[0])]


def test_what_was_promised_after_the_sweep_looked_is_not_deleted(
    film: Revision, api: Api, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    api("DELETE", "/workflow/film")
    time.pass_by()
    read = store.read_retired

    def overtaken(arn: str) -> Any:
        note = read(arn)
        monkeypatch.setattr(store, "read_retired", read)
        assert revisions.machine_for(film) == film.machine_arn
        return note

    monkeypatch.setattr(store, "read_retired", overtaken)
    revisions.discard(film.machine_arn)

    assert short(film.machine_arn) in standing()
    assert len(items("retired")) == 1


def test_a_deletion_that_died_is_done_by_the_next_sweep(
    film: Revision, api: Api, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    api("DELETE", "/workflow/film")
    time.pass_by()
    delete = stepfunctions.delete_machine

    def die(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(stepfunctions, "delete_machine", die)
    with pytest.raises(KeyboardInterrupt):
        sweep()
    assert revisions.machine_for(film) != film.machine_arn

    monkeypatch.setattr(stepfunctions, "delete_machine", delete)
    sweep()
    assert short(film.machine_arn) not in standing()
    assert len(items("retired")) == len(standing()) == 1


def test_of_two_that_are_made_at_once_the_first_counts_and_the_other_is_swept(
    film: Revision, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete_behind_the_engines_back(film.machine_arn)
    make, quicker = gateway.make, []

    def overtaken(*given: str) -> None:
        make(*given)
        monkeypatch.setattr(gateway, "make", make)
        quicker.append(revisions.machine_for(film))

    monkeypatch.setattr(gateway, "make", overtaken)
    assert [revisions.machine_for(film)] == quicker
    assert len(standing()) == 2

    time.pass_by(16 * 60)
    revisions.machine_for(film)
    sweep()
    assert standing() == [short(quicker[0])]


def test_others_that_are_quicker_for_ever_are_a_conflict(film: Revision, monkeypatch: pytest.MonkeyPatch) -> None:
    delete_behind_the_engines_back(film.machine_arn)
    monkeypatch.setattr(revisions, "_revive", lambda *_: None)

    with pytest.raises(ConflictError, match="workflow 'film' is being retried by others"):
        revisions.machine_for(film)


def test_a_crash_while_it_is_made_leaves_it_to_the_sweep(
    film: Revision, time: Time, monkeypatch: pytest.MonkeyPatch
) -> None:
    delete_behind_the_engines_back(film.machine_arn)
    make = gateway.make

    def crash(*given: str) -> None:
        make(*given)
        raise KeyboardInterrupt

    monkeypatch.setattr(gateway, "make", crash)
    with pytest.raises(KeyboardInterrupt):
        revisions.machine_for(film)
    assert len(standing()) == len(items("retired")) == 1

    time.pass_by()
    sweep()
    assert standing() == items("retired") == []


def test_a_machine_that_aws_refuses_to_make_leaves_nothing(film: Revision, monkeypatch: pytest.MonkeyPatch) -> None:
    delete_behind_the_engines_back(film.machine_arn)

    def refuse(*_: str) -> None:
        raise UnavailableError("later")

    monkeypatch.setattr(gateway, "make", refuse)
    with pytest.raises(UnavailableError):
        revisions.machine_for(film)
    assert items("retired") == []


def test_only_old_enough_machines_are_discarded(film: Revision, api: Api) -> None:
    api("DELETE", "/workflow/film")

    revisions.discard(film.machine_arn)
    revisions.discard("arn:aws:states:us-east-1:123456789012:stateMachine:nobody")
    assert standing() == [short(film.machine_arn)]

    revisions.discard(film.machine_arn, minimum_age=timedelta(0))
    assert standing() == []

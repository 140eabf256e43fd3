"""What follows the end of a job: a letter, and at last that it is forgotten."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.assets import store as assets
from chalicelib.aws import clock, mail, objects, transaction
from chalicelib.aws import settings as engine_settings
from chalicelib.aws.clients import client
from chalicelib.aws.mail import NotSent
from chalicelib.executions import store
from chalicelib.executions.changes import Change
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import Status
from chalicelib.jobs import forgetting, health, notifying
from chalicelib.web.documents import compact
from tests.chalicelib.jobs.test_view import ENDED, MADE, RUN

pytestmark = pytest.mark.usefixtures("aws")
SENDER = "jobs@example.com"
SOURCE = "private/uploads/ada/8f6a2d0e-2b7c-4a4e-8f0f-6f1c2d3e4f50"
RESULT = "private/assets/asset/workflows/r/out.webp"


@pytest.fixture(autouse=True)
def a_minute_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "time_source", lambda: clock.epoch(ENDED) + 60)


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What is sent where the stack has a sender."""
    monkeypatch.setenv("NOTIFICATION_SENDER", SENDER)
    engine_settings.settings.cache_clear()
    sent: list[tuple[str, ...]] = []
    monkeypatch.setattr(mail, "send", lambda *letter: sent.append(letter))
    return sent


def keep(run: Run, **beside: Any) -> Run:
    """Store a run that ended, with what is kept beside it, and its asset."""
    asset = assets.asset_writes_new(run.asset_id, "Image", "test-data", SOURCE, ENDED, None)
    transaction.commit([store.put_run(run), store.put_stage(run, 0, "{}")])
    transaction.commit([store.update_stage(run, 0, compact([MADE]), {"Status": "Complete"})])
    transaction.commit([store.put_beside(run.id, {"Filename": "photo.png", **beside})])
    if assets.get_asset(run.asset_id) is None:
        transaction.commit(asset)
    return run


def put_files() -> None:
    for key in (SOURCE, RESULT):
        client("s3").put_object(Bucket="test-data", Key=key, Body=b"x")


def there(key: str) -> bool:
    return objects.head("test-data", key) is not None


def test_only_the_end_of_a_job_is_told_and_only_where_there_is_a_sender(letters: list[Any]) -> None:
    assert notifying.job_of(Change(RUN, Status.STARTED)) == RUN.id
    assert notifying.job_of(Change(replace(RUN, status=Status.ERROR), Status.STARTED)) == RUN.id
    for status in (Status.QUEUED, Status.STARTED, Status.CANCELED):
        assert notifying.job_of(Change(replace(RUN, status=status), None)) is None
    assert notifying.job_of(Change(replace(RUN, owner=None), Status.STARTED)) is None


def test_nobody_is_told_by_a_stack_without_a_sender() -> None:
    assert notifying.job_of(Change(RUN, Status.STARTED)) is None


def test_one_letter_is_sent_however_often_the_end_is_told(letters: list[tuple[str, ...]]) -> None:
    keep(RUN, NotifyEmail="ada@example.com")

    for _ in range(3):
        notifying.notify(RUN.id, [])

    ((sender, recipient, subject, text),) = letters
    assert "https://" in text
    assert (sender, recipient, subject) == (SENDER, "ada@example.com", "Your job is completed")
    assert RUN.id in text


def test_a_letter_that_comes_late_has_no_link(
    letters: list[tuple[str, ...]], monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(RUN, NotifyEmail="ada@example.com")
    monkeypatch.setattr(clock, "time_source", lambda: clock.epoch(ENDED) + 90_000)

    notifying.notify(RUN.id, [])

    assert "https://" not in letters[0][3]


def test_a_job_that_names_nobody_tells_nobody(letters: list[Any]) -> None:
    keep(RUN)

    notifying.notify(RUN.id, [])
    notifying.notify("5f2b9c1e-0000-4a54-9d0b-4a4f4a0b9a10", [])

    assert letters == []


def test_a_letter_that_is_not_taken_changes_nothing(
    letters: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    keep(RUN, NotifyEmail="ada@example.com")

    def refuse(*_: str) -> None:
        raise NotSent("MessageRejected")

    monkeypatch.setattr(mail, "send", refuse)
    notifying.notify(RUN.id, [])

    assert "MessageRejected" in caplog.text
    assert "ada@example.com" not in caplog.text


def test_ses_refuses_an_address_that_was_not_verified() -> None:
    with pytest.raises(NotSent, match="MessageRejected"):
        mail.send("stranger@example.com", "ada@example.com", "x", "y")


def test_an_expired_job_goes_with_its_files() -> None:
    run = keep(RUN)
    put_files()
    transaction.commit([store.delete_part(run.id, store.EXECUTION)])

    forgetting.forget(run)
    forgetting.forget(run)

    assert not there(SOURCE)
    assert not there(RESULT)
    assert assets.get_asset(run.asset_id) is None


def test_what_another_job_still_works_on_is_kept() -> None:
    expired = keep(RUN)
    later = keep(replace(RUN, id="7f2b9c1e-8a55-4a54-9d0b-4a4f4a0b9a10"))
    put_files()
    transaction.commit([store.delete_part(expired.id, store.EXECUTION)])

    forgetting.forget(expired)
    assert there(SOURCE)
    assert there(RESULT)

    transaction.commit([store.delete_part(later.id, store.EXECUTION)])
    forgetting.forget(later)
    assert not there(RESULT)


@pytest.mark.parametrize("change", [{"owner": None}, {"owner": "bob"}, {"asset_id": "another"}])
def test_what_is_not_the_users_own_upload_is_kept(change: dict[str, Any]) -> None:
    keep(RUN)
    put_files()

    forgetting.forget(replace(RUN, id="9f2b9c1e-8a55-4a54-9d0b-4a4f4a0b9a10", **change))

    assert there(SOURCE)
    assert there(RESULT)


def test_of_a_file_that_is_not_the_users_own_upload_what_the_job_made_goes_alone() -> None:
    """As of a shared file, or of what another job made."""
    run = keep(replace(RUN, owner="bob"))
    put_files()
    own = f"private/assets/{run.asset_id}/workflows/{run.id}/out.webp"
    client("s3").put_object(Bucket="test-data", Key=own, Body=b"x")

    forgetting.forget(run)

    assert not there(own)
    assert there(SOURCE)
    assert there(RESULT)
    assert assets.get_asset(run.asset_id) is not None


def test_health_without_e_mail_and_without_the_operators_that_encode_is_health() -> None:
    needed = dict.fromkeys(("database", "storage", "accounts", "operations"), "ok")
    found = {**needed, "encoding": "not configured", "email": "not configured"}

    assert health.is_healthy(found)
    for name in ("database", "storage", "accounts", "operations"):
        assert not health.is_healthy({**found, name: "error"})


def test_health_tells_what_does_not_answer_and_not_how(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("SYSTEM_TABLE", "Nowhere")
    monkeypatch.setenv("DATA_BUCKET", "nowhere-at-all")
    engine_settings.settings.cache_clear()

    found = health.report()

    assert found["database"] == "error"
    assert "Nowhere" not in str(found)
    assert found["operations"] == "error"

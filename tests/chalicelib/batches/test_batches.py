"""Batches from their making to their end: what is checked, submitted once, counted once, canceled and retried."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from chalicelib.aws import clock, dynamodb, objects, stepfunctions, transaction
from chalicelib.aws.clients import client
from chalicelib.batches import bucket, continuing, create, ending, retrying, store
from chalicelib.batches.batch import Batch, BatchStatus
from chalicelib.batches.document import batch_document
from chalicelib.batches.errors import BatchStatusError, UnknownBatchError
from chalicelib.batches.manifest import Entry
from chalicelib.executions import close, retention, retry
from chalicelib.executions import store as runs
from chalicelib.executions.run import Run
from chalicelib.executions.statuses import Status
from chalicelib.executions.submit import Origin, submit
from chalicelib.web import idempotency
from chalicelib.web.errors import BadRequestError, ConflictError
from tests.chalicelib.batches.conftest import Machine, missing, read, run_ids, tell, tell_of

Items = list[dict[str, Any]]


def make(items: Items, **body: Any) -> str:
    return create.create({"Name": "flow", "Inputs": items, **body}, "me").id


def made(machine: Machine, items: Items, **body: Any) -> str:
    """A batch whose items are checked and submitted."""
    batch_id = make(items, **body)
    machine.run()
    return batch_id


def fail(*ids: str) -> None:
    """What follows when the state machines of runs fail."""
    for run_id in ids:
        run = run_of(run_id)
        if run.status is Status.QUEUED:
            continue
        assert close.ended_outside(run_id, run.attempt, "it failed")
    tell(*ids)


def run_of(run_id: str) -> Run:
    (run,) = runs.read_runs([run_id], consistent=True)
    return run


def counted(batch: Batch) -> dict[str, int]:
    return {status.value: number for status, number in batch.runs.items() if number}


def notes() -> list[str]:
    return store.noted(None, 100)


def later(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    moment = clock.iso(clock.epoch(clock.now()) + seconds)
    monkeypatch.setattr(clock, "now", lambda: moment)


def spied(monkeypatch: pytest.MonkeyPatch, batch_id: str) -> list[list[dict[str, Any]]]:
    """The transactions that concern a batch from now on."""
    made, send = [], transaction._send

    def note(writes: Any, token: str) -> None:
        if any(batch_id in json.dumps(write.request.get("Key", {})) for write in writes):
            made.append([{write.kind: dict(write.request)} for write in writes])
        send(writes, token)

    monkeypatch.setattr(transaction, "_send", note)
    return made


# -- making ----------------------------------------------------------------------------------------------------


def test_every_item_becomes_one_run_with_the_batchs_defaults(machine: Machine, clips: Items) -> None:
    clips[1] |= {"Priority": 9}
    batch_id = made(machine, clips, Priority=2)

    batch = read(batch_id)
    assert (batch.status, batch.total, batch.refused, batch.expected) == (BatchStatus.RUNNING, 5, 0, 5)
    found = [run_of(run_id) for run_id in run_ids(batch_id)]
    assert sorted(run.priority for run in found) == [2, 2, 2, 2, 9]
    assert {run.trigger for run in found} == {f"batch/{batch_id}"}
    assert {run.batch for run in found} == {batch_id}
    assert {member.place["Line"] for member in store.members(batch_id, 10, None)[0]} == {1, 2, 3, 4, 5}


def test_a_redelivered_chunk_makes_no_second_run(machine: Machine, clips: Items) -> None:
    machine.deliveries = 3

    batch_id = made(machine, clips)

    assert len(run_ids(batch_id)) == 5
    assert batch_document(read(batch_id))["Counts"]["Total"] == 5


def test_one_bad_line_rejects_the_batch_and_nothing_is_submitted(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, [*clips, missing(1), {"Input": {"AssetId": "nobody"}}])

    document = batch_document(read(batch_id))
    assert document["Status"] == "Rejected"
    assert [line["Line"] for line in document["BadLines"]] == [6, 7]
    assert "there is no object" in document["BadLines"][0]["Message"]
    assert (document["Counts"]["Refused"], document["Counts"]["Submitted"]) == (2, 0)
    assert run_ids(batch_id) == []
    assert notes() == []
    told = objects.get_text(document["BadLinesObject"]["S3Key"]).splitlines()
    assert [json.loads(line) for line in told] == document["BadLines"]


def test_bad_lines_are_passed_over_when_asked(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, [missing(1), *clips], OnBadLine="skip")

    document = batch_document(read(batch_id))
    assert document["Status"] == "Running"
    assert [line["Line"] for line in document["BadLines"]] == [1]
    assert (document["Counts"]["Total"], document["Counts"]["Refused"], document["Counts"]["Submitted"]) == (6, 1, 5)


def test_lines_that_are_all_bad_are_rejected_even_so(machine: Machine) -> None:
    assert read(made(machine, [missing(1), missing(2)], OnBadLine="skip")).status is BatchStatus.REJECTED


def test_an_asset_that_is_busy_when_its_turn_comes_is_reported(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, clips[:1])
    asset = {"Input": {"AssetId": run_of(run_ids(batch_id)[0]).asset_id}}

    document = batch_document(read(made(machine, [*clips, asset])))

    assert document["Status"] == "Running"
    assert document["BadLines"][0]["Line"] == 6
    assert "active on AssetId" in document["BadLines"][0]["Message"]


def manifest(text: bytes, **body: Any) -> str:
    client("s3").put_object(Bucket="test-data", Key="lists/night.jsonl", Body=text)
    place = {"S3Bucket": "test-data", "S3Key": "lists/night.jsonl"}
    return create.create({"Name": "flow", "Manifest": place, **body}, "me").id


def test_a_manifest_names_its_bad_lines_by_number(machine: Machine, clips: Items) -> None:
    lines = [json.dumps(item).encode() for item in clips for _ in range(50)]
    lines[3], lines[120], lines[249] = b"{", b"[]", b'{"Input": 1}'

    batch_id = manifest(b"\n".join(lines))
    machine.run()

    document = batch_document(read(batch_id))
    assert document["Status"] == "Rejected"
    assert document["Message"] == "3 of 250 items are bad; nothing was submitted"
    assert [line["Line"] for line in document["BadLines"]] == [4, 121, 250]


def test_a_manifest_that_is_replaced_fails_the_batch(machine: Machine, clips: Items) -> None:
    def replace(event: dict[str, Any]) -> None:
        if event["Step"] == "submit":
            client("s3").put_object(Bucket="test-data", Key="lists/night.jsonl", Body=b"other")

    machine.before_chunk = replace
    batch_id = manifest(b"".join(json.dumps(item).encode() + b"\n" for item in clips))
    machine.run()

    assert read(batch_id).status is BatchStatus.FAILED
    assert "replaced" in (read(batch_id).message or "")
    assert run_ids(batch_id) == []


def test_a_manifest_of_empty_lines_is_rejected(machine: Machine) -> None:
    batch_id = manifest(b"\n\n\n")
    machine.run()

    assert read(batch_id).message == "there is nothing to run"


def test_every_object_under_a_prefix_is_run(machine: Machine, clips: Items) -> None:
    client("s3").put_object(Bucket="test-data", Key="uploads/", Body=b"")
    prefix = {"S3Bucket": "test-data", "S3Prefix": "uploads/"}

    batch_id = create.create({"Name": "flow", "Prefix": prefix}, "me").id
    machine.run()

    places = sorted(member.place["Key"] for member in store.members(batch_id, 10, None)[0])
    assert places == [f"uploads/{number}.mp4" for number in range(5)]
    assert read(batch_id).total == 5


# -- bad input -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "Name"),
        ({"Name": "flow", "Stage": "first"}, "Name"),
        ({"Name": "nobody"}, "no workflow"),
        ({"Name": "flow"}, "exactly one of Inputs, Manifest and Prefix"),
        ({"Name": "flow", "Inputs": [], "Prefix": {}}, "exactly one"),
        ({"Name": "flow", "Configuration": {"third": {}}}, "Configuration"),
        ({"Name": "flow", "Manifest": {"S3Bucket": "foreign", "S3Key": "k"}}, "Manifest.S3Bucket"),
        ({"Name": "flow", "Manifest": {"S3Bucket": "test-data", "S3Key": "k"}}, "doesn't exist"),
        ({"Name": "flow", "Manifest": {"S3Bucket": "test-data", "S3Key": "empty"}}, "has 0 bytes"),
        ({"Name": "flow", "Prefix": {"S3Bucket": "foreign", "S3Prefix": "k"}}, "Prefix.S3Bucket"),
        ({"Name": "flow", "Prefix": {"S3Bucket": "test-data", "S3Prefix": "nothing/"}}, "no object under"),
    ],
)
def test_a_bad_batch_is_refused_and_nothing_written(machine: Machine, body: dict[str, Any], message: str) -> None:
    client("s3").put_object(Bucket="test-data", Key="empty", Body=b"")

    with pytest.raises(BadRequestError, match=message):
        create.create(body, "me")

    assert machine.started == {}
    assert store.page(10, None)[0] == []


def test_the_external_bucket_must_be_in_this_region(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTERNAL_BUCKET_ARN", "arn:aws:s3:::elsewhere")
    create.settings.cache_clear()
    client("s3").create_bucket(Bucket="elsewhere", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})

    with pytest.raises(BadRequestError, match="in this account and in Region us-east-1"):
        create.create({"Name": "flow", "Prefix": {"S3Bucket": "elsewhere", "S3Prefix": "a"}}, "me")


def test_an_unknown_batch_is_unknown_everywhere(machine: Machine) -> None:
    unknown = "019a7c52-5b1e-7c3d-9a51-6f6f0a6a4b11"
    for use in (
        store.get,
        lambda found: ending.cancel(found, None, "me"),
        lambda found: retrying.retry_batch(found, None),
    ):
        with pytest.raises(UnknownBatchError):
            use(unknown)


# -- idempotency and crashes while it begins -------------------------------------------------------------------


def claim(body: dict[str, Any]) -> Any:
    return idempotency.claim("POST batch", {"idempotency-key": "night-1"}, body)


def test_the_same_key_makes_one_batch_and_another_body_conflicts(machine: Machine, clips: Items) -> None:
    body = {"Name": "flow", "Inputs": clips}

    first = create.create(body, "me", claim(body))
    again = create.create(body, "me", claim(body))

    assert first.id == again.id
    assert len(store.page(10, None)[0]) == 1
    other = {**body, "Priority": 1}
    with pytest.raises(ConflictError):
        create.create(other, "me", claim(other))


def unstartable(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "StartExecution")

    monkeypatch.setattr(stepfunctions, "start", refuse)


def test_a_batch_whose_start_was_lost_is_started_by_a_repeat_or_by_the_sweep(machine: Machine, clips: Items) -> None:
    body = {"Name": "flow", "Inputs": clips}
    with pytest.MonkeyPatch.context() as patch:
        unstartable(patch)
        batch = create.create(body, "me", claim(body))
        other = make(clips)
    assert machine.started == {}

    create.create(body, "me", claim(body))
    assert list(machine.started) == [batch.id]

    assert continuing.continue_batches() == 0
    with pytest.MonkeyPatch.context() as patch:
        later(patch, 61)
        assert continuing.continue_batches() == 1
    assert set(machine.started) == {batch.id, other}
    machine.run()
    assert read(other).status is BatchStatus.RUNNING


def test_a_batch_whose_machine_ended_otherwise_has_failed(
    machine: Machine, clips: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = make(clips)
    machine.ended[batch_id] = {"status": "ABORTED", "cause": "somebody did"}

    later(monkeypatch, 61)
    continuing.continue_batches()

    assert read(batch_id).status is BatchStatus.FAILED
    assert "ABORTED: somebody did" in (read(batch_id).message or "")


# -- counting --------------------------------------------------------------------------------------------------


def test_changes_are_counted_once_in_any_order(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, clips)
    run_id = run_ids(batch_id)[0]
    before = run_of(run_id)
    fail(run_id)
    after = run_of(run_id)

    for told in ([before], [after], [after, before], [before, after, after]):
        tell_of(*told)

    assert counted(read(batch_id)) == {"Error": 1}


def test_the_changes_of_a_stream_batch_are_counted_in_one_transaction(
    machine: Machine, clips: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = made(machine, clips * 21, OnBadLine="skip")
    ids = run_ids(batch_id)
    assert len(ids) == 105
    requests = spied(monkeypatch, batch_id)

    tell_of(*map(run_of, ids), *map(run_of, ids[:10]))

    assert [request["Update"]["TableName"] for request in requests[0]].count("System") == 1
    assert [len(request) for request in requests] == [100, 7]
    assert sum(counted(read(batch_id)).values()) == 105


def test_a_transaction_that_loses_a_marker_to_another_counter_counts_the_rest(
    machine: Machine, clips: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = made(machine, clips)
    told = [run_of(run_id) for run_id in run_ids(batch_id)]
    commit, beside = store.commit, [told[2:4]]

    def overtaken(writes: Any) -> None:
        if beside:
            tell_of(*beside.pop())
        commit(writes)

    monkeypatch.setattr(store, "commit", overtaken)
    tell_of(*told)

    assert sum(counted(read(batch_id)).values()) == 5


def test_whoever_dies_while_counting_has_counted_all_or_nothing(
    machine: Machine, clips: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = made(machine, clips)
    commit = store.commit
    for dies_after in (False, True):

        def dies(writes: Any, late: bool = dies_after) -> None:
            if late:
                commit(writes)
            raise SystemExit

        with monkeypatch.context() as patch:
            patch.setattr(store, "commit", dies)
            with pytest.raises(SystemExit):
                tell(*run_ids(batch_id))
        assert sum(counted(read(batch_id)).values()) == (5 if dies_after else 0)

    tell(*run_ids(batch_id))
    assert sum(counted(read(batch_id)).values()) == 5


def test_a_batch_is_complete_when_all_its_runs_have_ended(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, clips)
    ids = run_ids(batch_id)
    fail(*ids[:4])
    assert read(batch_id).status is BatchStatus.RUNNING

    fail(ids[4])

    batch = read(batch_id)
    assert batch.status is BatchStatus.COMPLETE
    assert batch.ended is not None
    assert notes() == []


def test_an_end_that_was_counted_but_not_concluded_is_concluded_when_told_again(
    machine: Machine, clips: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = made(machine, clips[:1])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ending, "settle", lambda _batch: None)
        fail(*run_ids(batch_id))
    assert read(batch_id).status is BatchStatus.RUNNING

    tell(*run_ids(batch_id))

    assert read(batch_id).status is BatchStatus.COMPLETE


def test_the_sweep_counts_what_was_never_told(
    machine: Machine, clips: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = made(machine, clips)
    for run_id in run_ids(batch_id):
        close.cancel(run_id, None, "me")

    later(monkeypatch, 61)
    continuing.continue_batches()

    assert read(batch_id).status is BatchStatus.COMPLETE
    assert counted(read(batch_id)) == {"Canceled": 5}


def test_a_run_of_a_complete_batch_that_is_taken_up_again_reopens_it(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, clips[:2])
    ids = run_ids(batch_id)
    fail(*ids)

    started = retry.retry(ids[0], None)
    tell(ids[0])
    tell_of(replace(started, status=Status.QUEUED, sequence=started.sequence - 1))

    assert read(batch_id).status is BatchStatus.RUNNING
    assert notes() == [batch_id]


# -- tolerance and cancellation --------------------------------------------------------------------------------


def test_more_failures_than_tolerated_fail_the_batch_and_cancel_the_rest(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, clips, ToleratedFailurePercentage=20)
    ids = run_ids(batch_id)
    fail(ids[0])
    assert read(batch_id).status is BatchStatus.RUNNING

    fail(ids[1])
    machine.run()

    batch = read(batch_id)
    assert batch.status is BatchStatus.FAILED
    assert batch.message == "2 runs failed, more than the tolerated 20 %"
    assert counted(batch) == {"Error": 2, "Canceled": 3}
    assert notes() == []


def test_canceling_cancels_every_open_run_and_repeats_harmlessly(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, clips)
    fail(run_ids(batch_id)[0])

    assert ending.cancel(batch_id, "wrong files", "me").status is BatchStatus.CANCELED
    machine.run()
    ending.cancel(batch_id, "again", "you")

    batch = read(batch_id)
    assert (batch.message, batch.ended_by) == ("Canceled: wrong files", "me")
    assert counted(batch) == {"Error": 1, "Canceled": 4}
    assert notes() == []


def test_canceling_while_it_is_submitted_stops_the_submission(machine: Machine, clips: Items) -> None:
    def cancel_at(event: dict[str, Any]) -> None:
        if event["Step"] == "submit" and event["Chunk"]["Line"] > 1:
            ending.cancel(event["Batch"], None, "me")

    machine.before_chunk = cancel_at
    batch_id = made(machine, clips * 30)

    assert read(batch_id).status is BatchStatus.CANCELED
    assert machine.stopped == [batch_id]
    assert {run_of(run_id).status for run_id in run_ids(batch_id)} == {Status.CANCELED}
    assert len(run_ids(batch_id)) == 100


def test_a_straggler_is_canceled_by_the_sweep(
    machine: Machine, clips: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = make(clips)
    ending.cancel(batch_id, None, "me")
    machine.run()
    assert notes() == [batch_id]
    run_id = Entry({"Line": 1}, None).run_id(batch_id)
    member = store.put_member(batch_id, run_id, {"Line": 1})
    submit({"Name": "flow", **clips[0]}, origin=Origin("batch", run_id, batch_id, writes=(member,)))

    later(monkeypatch, 61)
    continuing.continue_batches()
    assert run_of(run_id).status is Status.CANCELED
    assert notes() == [batch_id]

    later(monkeypatch, ending.STRAGGLERS_SECONDS)
    continuing.continue_batches()
    assert notes() == []


def test_a_closing_that_was_lost_is_begun_by_the_sweep(
    machine: Machine, clips: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = made(machine, clips)
    with pytest.MonkeyPatch.context() as patch:
        unstartable(patch)
        ending.cancel(batch_id, None, "me")

    later(monkeypatch, 61)
    assert continuing.continue_batches() == 1
    machine.run()

    assert counted(read(batch_id)) == {"Canceled": 5}
    assert notes() == []


@pytest.mark.parametrize("action", ["cancel", "retry"])
def test_a_rejected_batch_can_neither_be_canceled_nor_retried(machine: Machine, action: str) -> None:
    batch_id = made(machine, [missing(1)])

    with pytest.raises(BatchStatusError, match="Rejected"):
        ending.cancel(batch_id, None, "me") if action == "cancel" else retrying.retry_batch(batch_id, None)


# -- retry -----------------------------------------------------------------------------------------------------


def test_a_retry_takes_up_what_failed_and_nothing_else(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, clips[:3])
    ids = run_ids(batch_id)
    fail(*ids[:2])
    close.cancel(ids[2], None, "me")
    tell(ids[2])
    assert read(batch_id).status is BatchStatus.COMPLETE

    retrying.retry_batch(batch_id, None)
    with pytest.raises(BatchStatusError, match="is being retried"):
        retrying.retry_batch(batch_id, None)
    machine.run()

    assert read(batch_id).status is BatchStatus.RUNNING
    assert [run_of(run_id).attempt for run_id in ids] == [2, 2, 2]
    fail(*ids)
    assert read(batch_id).status is BatchStatus.COMPLETE
    assert counted(read(batch_id)) == {"Error": 3}


def test_a_retry_page_that_is_repeated_retries_nothing_twice(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, clips)
    ids = run_ids(batch_id)
    fail(*ids)
    retrying.retry_batch(batch_id, None)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retrying, "_finish", lambda _batch: False)
        assert retrying.retry_page(batch_id, 1)
        fail(*ids)
    assert not retrying.retry_page(batch_id, 1)

    assert {run_of(run_id).attempt for run_id in ids} == {2}


def test_a_retry_whose_start_was_lost_or_that_broke_off_is_continued_by_the_sweep(
    machine: Machine, clips: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch_id = made(machine, clips)
    ids = run_ids(batch_id)
    fail(*ids)
    with pytest.MonkeyPatch.context() as patch:
        unstartable(patch)
        retrying.retry_batch(batch_id, None)

    later(monkeypatch, 61)
    assert continuing.continue_batches() == 1
    assert f"{batch_id}-retry-1" in machine.started
    machine.ended[f"{batch_id}-retry-1"] = {"status": "FAILED"}
    assert continuing.continue_batches() == 1

    assert [run_of(run_id).attempt for run_id in ids] == [2] * 5
    assert read(batch_id).retrying is None


def test_a_canceled_batch_is_retried_once_its_runs_are_canceled(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, clips)
    tell(*run_ids(batch_id))
    ending.cancel(batch_id, None, "me")
    with pytest.raises(BatchStatusError, match="still being canceled"):
        retrying.retry_batch(batch_id, None)
    machine.run()

    retrying.retry_batch(batch_id, None)
    machine.run()

    batch = read(batch_id)
    assert batch.status is BatchStatus.RUNNING
    assert batch.live_runs == 5
    assert (batch.message, batch.ended, batch.closing) == (None, None, None)


def test_a_retry_with_a_configuration_that_fits_nothing_is_refused(machine: Machine, clips: Items) -> None:
    batch_id = made(machine, clips)
    fail(*run_ids(batch_id))

    with pytest.raises(BadRequestError, match="Configuration"):
        retrying.retry_batch(batch_id, {"third": {}})
    assert read(batch_id).round == 0


def test_a_batch_of_which_nothing_failed_cant_be_retried(machine: Machine, clips: Items) -> None:
    with pytest.raises(BatchStatusError, match="has failed or was canceled"):
        retrying.retry_batch(made(machine, clips), None)


# -- reading ---------------------------------------------------------------------------------------------------


def test_batches_are_listed_newest_first(machine: Machine, clips: Items, monkeypatch: pytest.MonkeyPatch) -> None:
    made_ids = []
    for _ in range(3):
        later(monkeypatch, 1)
        made_ids.append(make(clips))

    first, following = store.page(2, None)
    rest, end = store.page(2, following)

    assert [batch.id for batch in [*first, *rest]] == made_ids[::-1]
    assert end is None


def test_an_ended_batch_expires_with_its_runs(
    machine: Machine, clips: Items, monkeypatch: pytest.MonkeyPatch
) -> None:
    retention.forget()
    setting = {"Kind": "configuration", "Name": "RetentionDays", "Text": '{"Value": 3}'}
    transaction.commit([transaction.put(store.system(), setting)])
    batch_id = made(machine, clips[:1])
    (run_id,) = run_ids(batch_id)
    assert read(batch_id).expires_at is None

    fail(run_id)
    marker = dynamodb.get(store.executions(), store.member_key(batch_id, run_id)) or {}
    assert marker["ExpiresAt"] == run_of(run_id).expires_at
    assert read(batch_id).expires_at is not None
    retrying.retry_batch(batch_id, None)
    machine.run()
    assert read(batch_id).expires_at is None

    fail(run_id)
    later(monkeypatch, 3 * 86_400 + 1)
    assert store.find(batch_id) is None
    assert store.page(10, None)[0] == []
    retention.forget()


def test_a_record_stays_small_whatever_it_refuses(machine: Machine) -> None:
    batch_id = made(machine, [missing(number) for number in range(300)])

    (item,) = [dynamodb.get(store.system(), {"Kind": "batch", "Name": batch_id})]
    assert len(json.dumps(item)) < 1024
    assert len(bucket.first_bad_lines(batch_id)) == 100
    assert len(objects.get_text(bucket.report_key(batch_id)).splitlines()) == 300


def test_reports_of_chunks_are_joined_with_few_of_them_in_memory(aws: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of millions of bad lines, no function could hold all."""
    chunks, ahead, read_keys = 100, [], set()
    get, put = objects.get_text, objects.put_pieces

    def noted(key: str) -> str:
        read_keys.add(key)
        return get(key)

    def measured(key: str, pieces: Iterable[str]) -> None:
        def passed() -> Iterator[str]:
            for number, piece in enumerate(pieces):
                ahead.append(len(read_keys) - number // 100)
                yield piece

        put(key, passed())

    for number in range(chunks):
        bad = [{"Line": line} for line in range(100 * number, 100 * number + 100)]
        objects.put_text(f"{number}", json.dumps(bad))
    monkeypatch.setattr(objects, "get_text", noted)
    monkeypatch.setattr(objects, "put_pieces", measured)
    bucket.put_report("b", [str(number) for number in range(chunks)])

    assert max(ahead) == 16
    lines = get(bucket.report_key("b")).splitlines()
    assert [json.loads(line)["Line"] for line in lines] == list(range(100 * chunks))
    assert [line["Line"] for line in bucket.first_bad_lines("b")] == list(range(100))

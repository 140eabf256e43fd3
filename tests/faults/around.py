"""Scenarios of what stands around runs: batches, triggers, webhooks, requests for many runs at once, people's jobs.

Only the calls that belong to them are disturbed; what the runs themselves do is the reference workflows' matter.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

from tests.faults import outside, people
from tests.faults.rig import QUIET, SETTLED, Rig
from tests.faults.scenarios import Expected, Names, Scenario

ITEMS = 2
LONG_QUIET = (SETTLED, QUIET, 2 * QUIET, 3 * QUIET)
"""What one sweep has taken up the next one leaves alone for a while."""

_DONE = "Complete"
_BATCH_ROUTE = "POST /workflow/execution/batch"
_BY_BATCHES = frozenset({_BATCH_ROUTE, "BatchItems", "Publisher"})


def _one_operation(handler: str) -> Callable[[Rig], Names]:
    def _prepare(rig: Rig) -> Names:
        a = rig.operation(handler)
        return {"a": a, "workflow": rig.workflow([a])}

    return _prepare


def _one_wait(rig: Rig) -> Names:
    a = rig.register(None, Type="Wait")
    return {"a": a, "workflow": rig.workflow([a])}


def _ends(status: str = _DONE, calls: int = 1) -> Callable[[Names, str], Expected]:
    def _expected(names: Names, _workflow: str) -> Expected:
        outputs = {names["a"]: _DONE} if status == _DONE else {}
        return Expected(status, {names["a"]: calls}, outputs)

    return _expected


def _ends_again(names: Names, workflow: str) -> Expected:
    return replace(_ends()(names, workflow), again=frozenset({names["a"]}))


# -- batches ---------------------------------------------------------------------------------------------------


def _submit_batch(rig: Rig, names: Names) -> None:
    outside.begin_batch(rig, names["workflow"], ITEMS)


def _submit_and_retry_batch(rig: Rig, names: Names) -> None:
    batch_id = outside.begin_batch(rig, names["workflow"], ITEMS)
    outside.settle_batch(rig, batch_id)
    outside.change_batch(rig, batch_id, "retry")


def _submit_and_cancel_batch(rig: Rig, names: Names) -> None:
    """Cancel it while all its runs wait for somebody."""
    batch_id = outside.begin_batch(rig, names["workflow"], ITEMS)
    outside.settle_waiting(rig, batch_id, ITEMS)
    outside.change_batch(rig, batch_id, "cancel")


def _counts(status: str) -> Callable[[Rig, Names, list[str]], list[str]]:
    def _wrong(rig: Rig, _names: Names, runs: list[str]) -> list[str]:
        [batch_id] = rig.batches
        return outside.wrong_with_batch(rig, batch_id, ITEMS, status, runs)

    return _wrong


# -- triggers --------------------------------------------------------------------------------------------------


def _trigger_of_objects(rig: Rig) -> Names:
    names, prefix = _one_operation("done")(rig), f"incoming/{uuid.uuid4()}/"
    source = {"Bucket": rig.bucket, "Prefix": prefix, "Suffix": ".mp4"}
    return {**names, "prefix": prefix, "trigger": outside.make_trigger(rig, names["workflow"], S3=source)}


def _media(place: str) -> dict[str, object]:
    """An event's medium, where `place` leads to what `Rig.video` answers."""
    members = {name: {"Pointer": f"{place}/Media/Video/{name}"} for name in ("S3Bucket", "S3Key")}
    return {"Media": {"Video": members}}


def _trigger_of_events(rig: Rig) -> Names:
    names, source = _one_operation("done")(rig), f"archive-{uuid.uuid4()}"
    pattern = {"Pattern": {"source": [source]}}
    made = outside.make_trigger(rig, names["workflow"], EventPattern=pattern, Input=_media("/detail"))
    return {**names, "source": source, "trigger": made}


def _trigger_of_messages(rig: Rig) -> Names:
    names = _one_operation("done")(rig)
    topic = rig.aws.client("sns").create_topic(Name=f"again-{uuid.uuid4()}")["TopicArn"]
    made = outside.make_trigger(rig, names["workflow"], SNS={"TopicArn": topic}, Input=_media("/Message"))
    return {**names, "topic": topic, "trigger": made}


def _trigger_of_time(rig: Rig) -> Names:
    names = _one_operation("done")(rig)
    schedule = {"Expression": "at(2198-11-21T01:02:03)"}
    made = outside.make_trigger(rig, names["workflow"], Schedule=schedule, Input=rig.video())
    return {**names, "trigger": made}


def _one_run(rig: Rig, names: Names, runs: list[str]) -> list[str]:
    return outside.wrong_with_trigger(rig, names["trigger"], runs)


def _triggered(name: str, prepare: Callable[[Rig], Names], tell: Callable[[Rig, Names], None]) -> Scenario:
    return Scenario(name, prepare, tell, _ends(), besides=_one_run, actors=frozenset({"Trigger"}))


# -- webhooks --------------------------------------------------------------------------------------------------


def _submit_with_webhook(rig: Rig, names: Names) -> None:
    rig.submit(names["workflow"], Webhook={"Url": rig.receiver.url(), "Secret": "a secret that signs"})


def _submit_while_down(rig: Rig, names: Names) -> None:
    rig.receiver.status = 503
    _submit_with_webhook(rig, names)


def _up_again(rig: Rig, _runs: list[str]) -> None:
    rig.receiver.status = 200


def _told(rig: Rig, _names: Names, runs: list[str]) -> list[str]:
    return outside.wrong_with_deliveries(rig, runs)


# -- many runs at once -----------------------------------------------------------------------------------------


def _submit_and_retry_many(rig: Rig, names: Names) -> None:
    for _ in range(ITEMS):
        rig.submit(names["workflow"])
    outside.settle_all(rig)
    outside.retry_many(rig, names["workflow"])


# -- jobs ------------------------------------------------------------------------------------------------------


def _person(operation: str) -> Callable[[Rig], Names]:
    """Somebody with an account, where the stack has the workflow of jobs of one kind."""

    def _prepare(rig: Rig) -> Names:
        body = {"Name": operation, "Type": "Sync", "StartLambdaArn": rig.function("makes_picture")}
        rig.ok("POST", "workflow/operation", {**body, "Configuration": {"MediaType": "Image", "Enabled": True}})
        stages = {f"_{operation}": {"End": True}}
        rig.ok("POST", "workflow", {"Name": f"Run{operation}", "StartAt": f"_{operation}", "Stages": stages})
        return {"a": operation, "person": people.sign_up(rig)}

    return _prepare


_JOB_ROUTE, _JOBS_ROUTE = "v1/image/resize", "v1/image/batch/convert/webp"


def _ask_for_job(rig: Rig, names: Names) -> None:
    people.ask_for_job(rig, names["person"], _JOB_ROUTE, width=50)


def _ask_for_jobs(rig: Rig, names: Names) -> None:
    people.ask_for_jobs(rig, names["person"], _JOBS_ROUTE, ITEMS)


def _jobs(rig: Rig, names: Names, runs: list[str]) -> list[str]:
    return people.wrong_with_jobs(rig, names["person"], runs)


AROUND = (
    Scenario(
        "batch",
        _one_operation("done"),
        _submit_batch,
        _ends(),
        besides=_counts(_DONE),
        actors=_BY_BATCHES,
        sweeps=LONG_QUIET,
    ),
    Scenario(
        "batch retried",
        _one_operation("fails_once"),
        _submit_and_retry_batch,
        _ends(calls=2),
        besides=_counts(_DONE),
        actors=frozenset({"POST /workflow/execution/batch/{id}/retry", "BatchItems", "Publisher"}),
        sweeps=LONG_QUIET,
    ),
    Scenario(
        "batch canceled",
        _one_wait,
        _submit_and_cancel_batch,
        _ends("Canceled", calls=0),
        besides=_counts("Canceled"),
        actors=frozenset({"POST /workflow/execution/batch/{id}/cancel", "BatchItems", "Publisher"}),
        sweeps=LONG_QUIET,
    ),
    _triggered("object", _trigger_of_objects, lambda rig, names: outside.tell_of_object(rig, names["prefix"])),
    _triggered("event", _trigger_of_events, lambda rig, names: outside.tell_bus(rig, names["source"])),
    _triggered("message", _trigger_of_messages, lambda rig, names: outside.tell_topic(rig, names["topic"])),
    _triggered("time", _trigger_of_time, lambda rig, names: outside.tell_time(rig, names["trigger"])),
    Scenario(
        "webhook",
        _one_operation("done"),
        _submit_with_webhook,
        _ends(),
        besides=_told,
        actors=frozenset({"Publisher", "WebhookDelivery"}),
    ),
    Scenario(
        "webhook, down",
        _one_operation("done"),
        _submit_while_down,
        _ends(),
        wreck=_up_again,
        besides=_told,
        actors=frozenset({"Publisher", "WebhookDelivery", "Sweep"}),
    ),
    Scenario(
        "retried together",
        _one_operation("fails_once"),
        _submit_and_retry_many,
        _ends(calls=2),
        actors=frozenset({"POST /workflow/execution/retry"}),
    ),
    Scenario(
        "job",
        _person("ImageResize"),
        _ask_for_job,
        _ends(),
        besides=_jobs,
        actors=frozenset({"POST /v1/uploads", f"POST /{_JOB_ROUTE}", "Publisher"}),
    ),
    Scenario(
        "jobs of one request",
        _person("ImageConvert"),
        _ask_for_jobs,
        _ends(),
        besides=_jobs,
        actors=frozenset({f"POST /{_JOBS_ROUTE}"}),
    ),
)

TAKEN_UP_AGAIN = replace(AROUND[0], name="batch taken up again", expected=_ends_again)
"""A batch whose runs may be canceled and retried while they run: their operations are begun again then."""

QUICK_AROUND = (
    ("batch", "dies after"),
    ("object", "fails before"),
    ("webhook", "dies before"),
    ("retried together", "fails after"),
    ("job", "dies after"),
)
"""What every run of the tests goes through."""

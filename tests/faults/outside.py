"""What begins runs and what is told of them: batches, triggers' sources, receivers of webhooks, bulk requests.

Each is done as somebody outside of the engine does it, and looked at as somebody outside sees it.
"""

from __future__ import annotations

import json
import uuid
from collections import Counter
from typing import Any

from tests.faults.rig import QUIET, Rig
from tests.faults.watch import ENDED

BATCH = "workflow/execution/batch"


def begin_batch(rig: Rig, workflow: str, items: int) -> str:
    """Post a batch of so many inline inputs until it is answered, with one key for all attempts."""
    body = {"Name": workflow, "Inputs": [{"Input": rig.video()} for _ in range(items)]}
    answer = rig.persist("POST", BATCH, body, {"Idempotency-Key": str(uuid.uuid4())})
    assert answer.status_code == 200, answer.text
    batch_id: str = answer.json()["Id"]
    rig.batches.append(batch_id)
    return batch_id


def batch(rig: Rig, batch_id: str) -> dict[str, Any]:
    """A batch's document."""
    found: dict[str, Any] = rig.ok("GET", f"{BATCH}/{batch_id}")
    return found


def change_batch(rig: Rig, batch_id: str, action: str) -> None:
    """Cancel or retry a batch; a 409 says that an attempt without an answer has done it."""
    answer = rig.persist("POST", f"{BATCH}/{batch_id}/{action}")
    assert answer.status_code in (200, 409), answer.text


def runs_of_batch(rig: Rig, batch_id: str) -> list[dict[str, Any]]:
    """A batch's runs."""
    found: list[dict[str, Any]] = rig.ok("GET", f"{BATCH}/{batch_id}/runs?limit=100")
    return found


def wrong_with_batch(rig: Rig, batch_id: str, items: int, status: str, runs: list[str]) -> list[str]:
    """Its counts are those of its runs, and every item has made exactly one."""
    document, members = batch(rig, batch_id), runs_of_batch(rig, batch_id)
    made = {run for run in runs if rig.run_item(run)}
    states = Counter(rig.status(member["Id"]) for member in members)
    counted = {name: count for name, count in document["Counts"].items() if count}
    wrong = []
    if document["Status"] != status:
        wrong.append(f"batch is {document['Status']} instead of {status}: {document.get('Message')}")
    if sorted(member["Line"] for member in members) != list(range(1, items + 1)):
        wrong.append(f"batch's runs are those of lines {sorted(member['Line'] for member in members)}")
    if {member["Id"] for member in members} != made:
        wrong.append(f"batch has {len(members)} runs, and {len(made)} were made")
    if counted != {"Total": items, "Submitted": items, **states}:
        wrong.append(f"batch counts {counted}, and its runs are {dict(states)}")
    return wrong


def make_trigger(rig: Rig, workflow: str, **source: Any) -> str:
    """Register a trigger."""
    trigger_id: str = rig.ok("POST", "workflow/trigger", {"Workflow": workflow, **source})["Id"]
    return trigger_id


def wrong_with_trigger(rig: Rig, trigger_id: str, runs: list[str]) -> list[str]:
    """One event has made exactly one run, which names its trigger."""
    made = [item for run in dict.fromkeys(runs) if (item := rig.run_item(run))]
    if [item.get("Trigger") for item in made] == [f"trigger/{trigger_id}"]:
        return []
    return [f"the event made {len(made)} runs, of {[item.get('Trigger') for item in made]}"]


def tell_of_object(rig: Rig, prefix: str) -> None:
    """An object arrives."""
    rig.aws.client("s3").put_object(Bucket=rig.bucket, Key=f"{prefix}{uuid.uuid4()}.mp4", Body=b"video")


def tell_bus(rig: Rig, source: str) -> None:
    """An application says something on the default bus."""
    entry = {"Source": source, "DetailType": "Master delivered", "Detail": json.dumps(rig.video())}
    assert rig.aws.client("events").put_events(Entries=[entry])["FailedEntryCount"] == 0


def tell_topic(rig: Rig, topic: str) -> None:
    """An application publishes a message."""
    rig.aws.client("sns").publish(TopicArn=topic, Message=json.dumps(rig.video()))


def tell_time(rig: Rig, trigger_id: str) -> None:
    """A schedule comes round: its target is called as EventBridge Scheduler calls it."""
    schedule = {"ScheduledTime": f"2026-11-21T01:02:03Z {uuid.uuid4()}", "ExecutionId": str(uuid.uuid4())}
    payload = json.dumps({"Trigger": trigger_id, "Schedule": schedule}).encode()
    functions = rig.aws.client("lambda").list_functions()["Functions"]
    [name] = [one["FunctionName"] for one in functions if one["FunctionName"].endswith("-Trigger")]
    rig.aws.client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=payload)


def wrong_with_deliveries(rig: Rig, runs: list[str]) -> list[str]:
    """Every change of every run has reached the receiver at least once, or is listed as dead."""
    due = {f"{run}-{number}" for run in runs for number, _ in enumerate(rig.watch.statuses[run], start=1)}
    arrived = {got.headers["X-Mediawright-Event"] for got in rig.receiver.got}
    dead = {delivery["EventId"] for delivery in rig.ok("GET", "system/webhook/dead")}
    lost = due - arrived - dead
    return [f"the receiver was never told of {sorted(lost)}"] if lost else []


def retry_many(rig: Rig, workflow: str) -> None:
    """Ask for a retry of all that failed until the engine says that there is no more.

    Of this pass's runs: with those of all passes, there would be more pages, and more calls, from pass to pass.
    """
    first = min(run["Created"] for run in map(rig.run_item, rig.submitted) if run)
    body = {"Workflow": workflow, "Status": "Error", "Since": first}
    for _ in range(10):
        answer = rig.persist("POST", "workflow/execution/retry", body)
        assert answer.status_code == 200, answer.text
        if not answer.json()["More"]:
            return
    raise AssertionError("there is always more to retry")


def settle_all(rig: Rig) -> None:
    """Wait until all runs that were submitted have ended, with the sweep's help."""
    rig.sweep_until(lambda: all(rig.status(run) in ENDED for run in rig.submitted))


def settle_batch(rig: Rig, batch_id: str) -> None:
    """Wait until a batch is complete and knows that of all its runs, with the sweep's help."""
    rig.sweep_until(lambda: batch(rig, batch_id)["Status"] == "Complete")
    # what comes next comes after what a sweep has done, on its clock
    rig.age(QUIET)


def settle_waiting(rig: Rig, batch_id: str, items: int) -> None:
    """Wait until all runs of a batch wait, with the sweep's help."""
    rig.sweep_until(lambda: batch(rig, batch_id)["Counts"]["Waiting"] == items)

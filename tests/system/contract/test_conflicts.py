"""Several clients at once want the same: one gets it, the others are told, and nothing is left over."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import Gate, asset, fresh, refused, workflow_of

CLIENTS = 6


def at_once(engine: Engine, method: str, path: str, body: Any = None) -> list[httpx.Response]:
    """The answers to one request sent by several clients at the same time."""

    def send(_: int) -> httpx.Response:
        return httpx.request(method, engine.aws.api_url + path, json=body, timeout=30)

    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(send, range(CLIENTS)))


def one_won(answers: list[httpx.Response], lost: int = 409) -> httpx.Response:
    """The one answer that succeeded; all others must be refusals of this status."""
    won = [answer for answer in answers if answer.status_code == 200]
    assert len(won) == 1, [answer.status_code for answer in answers]
    for answer in answers:
        if answer is not won[0]:
            refused(answer, lost)
    return won[0]


def test_one_of_several_makes_an_operation(engine: Engine) -> None:
    body = {
        "Name": fresh("op"),
        "Type": "Sync",
        "Configuration": {"MediaType": "Video", "Enabled": True},
        "StartLambdaArn": engine.function("echo"),
    }

    made = one_won(at_once(engine, "POST", "workflow/operation", body)).json()

    assert engine.ok("GET", f"workflow/operation/{body['Name']}") == made
    assert engine.run(workflow_of(engine, f"_{body['Name']}"))["Status"] == "Complete"


@pytest.mark.parametrize("kind", ["stage", "workflow"])
def test_one_of_several_makes_a_stage_or_a_workflow_and_one_state_machine_stays(engine: Engine, kind: str) -> None:
    operation = engine.operation("echo")
    stage, name = engine.stage(operation), fresh(kind)
    bodies: dict[str, tuple[str, dict[str, Any]]] = {
        "stage": ("workflow/stage", {"Name": name, "Operations": [operation]}),
        "workflow": ("workflow", {"Name": name, "StartAt": stage, "Stages": {stage: {"End": True}}}),
    }

    made = one_won(at_once(engine, "POST", *bodies[kind])).json()

    assert engine.ok("GET", f"{bodies[kind][0]}/{name}") == made
    pages = engine.aws.client("stepfunctions").get_paginator("list_state_machines").paginate()
    machines = [machine["stateMachineArn"] for page in pages for machine in page["stateMachines"]]
    assert [arn for arn in machines if name in arn] == [made["StateMachineArn"]]


def test_no_change_of_a_workflow_is_lost_when_several_change_it(engine: Engine) -> None:
    name = workflow_of(engine, engine.stage(engine.operation("echo")))

    answers = at_once(engine, "PUT", "workflow", {"Name": name})

    made = [answer.json()["Revisions"] for answer in answers if answer.status_code == 200]
    assert made
    for answer in answers:
        if answer.status_code != 200:
            refused(answer, 409, name)
    assert sorted(made) == [str(n) for n in range(2, len(made) + 2)]
    assert engine.ok("GET", f"workflow/{name}")["Revisions"] == max(made)


def test_one_of_several_locks_an_asset_and_one_unlocks_it(engine: Engine) -> None:
    asset_id = asset(engine)

    lock = one_won(at_once(engine, "POST", f"checkout/{asset_id}", {"LockedBy": "me"})).json()
    assert lock in engine.ok("GET", "checkouts")["locks"]
    one_won(at_once(engine, "POST", f"checkin/{asset_id}"))
    assert lock not in engine.ok("GET", "checkouts")["locks"]


def test_one_of_several_runs_gets_an_asset(engine: Engine, gate: Gate) -> None:
    asset_id, workflow = asset(engine), engine.workflow([gate.operation()])
    body = {"Name": workflow, "Input": {"AssetId": asset_id}}

    made = one_won(at_once(engine, "POST", "workflow/execution", body)).json()

    assert [run["Id"] for run in engine.ok("GET", f"workflow/execution/asset/{asset_id}")] == [made["Id"]]
    gate.open()
    assert engine.ended(made["Id"])["Status"] == "Complete"


def test_one_of_several_deletes_a_run_and_the_others_find_nothing(engine: Engine) -> None:
    run = engine.run(engine.workflow([engine.operation("echo")]))

    for answer in at_once(engine, "DELETE", f"workflow/execution/{run['Id']}"):
        if answer.status_code != 200:
            refused(answer, 404, run["Id"])

    refused(engine.http.get(f"workflow/execution/{run['Id']}"), 404)

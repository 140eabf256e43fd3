"""An API with the definitions' routes, and definitions to begin with."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.aws import dynamodb
from chalicelib.aws.clients import client
from chalicelib.definitions import live
from tests.chalicelib.api import Api, Reply, serve

ARN = "arn:aws:lambda:us-east-1:123456789012:function:"


@pytest.fixture
def api(aws: None, monkeypatch: pytest.MonkeyPatch) -> Api:
    served = serve()
    monkeypatch.setattr(live._RUNS, "live", lambda _: [])
    return served


@pytest.fixture
def operation(api: Api, function: Callable[[str], str]) -> Callable[..., Reply]:
    """Registers an operation with functions of its own; members may be given."""

    def make(called: str, **members: Any) -> Reply:
        body = {
            "Name": called,
            "Type": "Sync",
            "Configuration": {"MediaType": "Video", "Enabled": True},
            **members,
        }
        if body["Type"] != "Wait" and "StartLambdaArn" not in body:
            body["StartLambdaArn"] = function(f"{called.replace('.', '-')}-start")
        if body["Type"] == "Async":
            body.setdefault("MonitorLambdaArn", function(f"{called}-monitor"))
        return api("POST", "/workflow/operation", body)

    return make


@pytest.fixture
def stage(api: Api) -> Callable[..., Reply]:
    def make(name: str, *operations: str, **members: Any) -> Reply:
        return api("POST", "/workflow/stage", {"Name": name, "Operations": list(operations), **members})

    return make


def chain(*stages: str) -> dict[str, Any]:
    """The `StartAt` and `Stages` of a workflow of these stages, in this order."""
    entries: dict[str, Any] = {name: {"Next": following} for name, following in itertools.pairwise(stages)}
    return {"StartAt": stages[0], "Stages": {**entries, stages[-1]: {"End": True}}}


@pytest.fixture
def workflow(api: Api) -> Callable[..., Reply]:
    def make(name: str, *stages: str) -> Reply:
        return api("POST", "/workflow", {"Name": name, **chain(*stages)})

    return make


@pytest.fixture
def two_stages(operation: Callable[..., Reply], stage: Callable[..., Reply], workflow: Callable[..., Reply]) -> Reply:
    """The workflow `film` of the stages `look` (op-a, op-b) and `write` (op-c)."""
    for name in ("op-a", "op-b", "op-c"):
        assert operation(name).status == 200
    assert stage("look", "op-a", "op-b").status == 200
    assert stage("write", "op-c").status == 200
    return workflow("film", "look", "write")


def machines() -> list[str]:
    """The names of the state machines that exist."""
    pages = client("stepfunctions").get_paginator("list_state_machines").paginate()
    return sorted(machine["name"] for page in pages for machine in page["stateMachines"])


def items(kind: str) -> list[dict[str, Any]]:
    """The items of a kind in the Definitions table."""
    return list(dynamodb.query("Definitions", dynamodb.equals("Kind", kind), consistent=True))

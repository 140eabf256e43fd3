"""`/system/configuration`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import everything, fresh, refused

CAP = "MaxConcurrentWorkflows"


def configured(engine: Engine) -> dict[str, dict[str, Any]]:
    return {entry["Name"]: entry for entry in engine.ok("GET", "system/configuration")}


def test_the_cap_is_stored_and_answered_as_a_number_in_a_list(engine: Engine) -> None:
    answer = engine.http.post("system/configuration", json={"Name": CAP, "Value": 7})

    assert (answer.status_code, answer.text) == (200, "{}")
    assert {"Name": CAP, "Value": 7} in engine.ok("GET", "system/configuration")
    assert b'{"Name":"MaxConcurrentWorkflows","Value":7}' in engine.http.get("system/configuration").content


def test_a_cap_of_one_is_allowed(engine: Engine) -> None:
    engine.cap(1)

    assert configured(engine)[CAP]["Value"] == 1


@pytest.mark.parametrize("value", [0, -1, 1.5, "5", None, True, [], {}, 1e300])
def test_a_cap_that_is_no_whole_number_of_one_or_more_is_refused(engine: Engine, value: Any) -> None:
    before = configured(engine)

    refused(engine.http.post("system/configuration", json={"Name": CAP, "Value": value}), 400, "Value", CAP)

    assert configured(engine) == before


@pytest.mark.parametrize("member", ["Name", "Value"])
def test_name_and_value_are_both_required(engine: Engine, member: str) -> None:
    body = {"Name": fresh(), "Value": 1}
    del body[member]

    refused(engine.http.post("system/configuration", json=body), 400, member)


def test_any_other_name_is_stored_whole_and_replaced_whole(engine: Engine) -> None:
    name = fresh("setting")
    first = {"Name": name, "Value": {"deep": [1, 2.5, "x", None, True]}, "Description": "mine"}
    engine.ok("POST", "system/configuration", first)
    assert configured(engine)[name] == first

    second = {"Name": name, "Value": 0.1}
    engine.ok("POST", "system/configuration", second)
    assert configured(engine)[name] == second


def test_a_dry_run_of_a_setting_checks_it_and_stores_nothing(engine: Engine) -> None:
    before, name = everything(engine), fresh()

    assert engine.ok("POST", "system/configuration?dryRun=true", {"Name": name, "Value": 1}) == {}
    assert engine.ok("POST", "system/configuration?dryRun=true", {"Name": CAP, "Value": 9}) == {}
    refused(engine.http.post("system/configuration?dryRun=true", json={"Name": CAP, "Value": 0}), 400)

    assert everything(engine) == before

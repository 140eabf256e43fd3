"""A setting made through the API counts until the stack's parameter is changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from chalicelib.aws import dynamodb, settings
from chalicelib.executions import pools, retention
from chalicelib.executions.run import GLOBAL_POOL
from chalicelib.system import parameters, store
from tests.chalicelib.api import Api, serve

CAP = "MaxConcurrentWorkflows"
DAYS = "RetentionDays"
VARIABLES = {CAP: "MAX_CONCURRENT_WORKFLOWS", DAYS: "RETENTION_DAYS"}

both = pytest.mark.parametrize("name", [CAP, DAYS])
Deploy = Callable[[str, int], None]


@pytest.fixture
def api(aws: None) -> Iterator[Api]:
    yield serve()
    retention.forget()


@pytest.fixture
def deploy(monkeypatch: pytest.MonkeyPatch) -> Deploy:
    """Whoever runs from now on runs with this parameter."""

    def change(name: str, value: int) -> None:
        monkeypatch.setenv(VARIABLES[name], str(value))
        settings.settings.cache_clear()

    return change


def effect(name: str) -> int | None:
    """What the engine itself goes by."""
    if name == CAP:
        return pools.read(GLOBAL_POOL).maximum
    retention.forget()
    expiry = retention.expires_at("1970-01-01T00:00:00.000000Z")
    return (expiry or 0) // 86_400


def set_to(api: Api, name: str, value: int) -> None:
    assert api("POST", "/system/configuration", {"Name": name, "Value": value}).status == 200


def told(api: Api, name: str) -> Any:
    return {entry["Name"]: entry["Value"] for entry in api("GET", "/system/configuration").body}.get(name)


@both
def test_what_was_never_set_is_the_parameter_at_once(api: Api, deploy: Deploy, name: str) -> None:
    deploy(name, 8)
    assert effect(name) == 8

    deploy(name, 3)
    assert effect(name) == 3


@both
def test_a_setting_is_kept_while_the_parameter_stays(api: Api, deploy: Deploy, name: str) -> None:
    deploy(name, 7)
    set_to(api, name, 20)

    parameters.sweep()
    parameters.sweep()

    assert effect(name) == told(api, name) == 20


@both
def test_a_changed_parameter_takes_effect_and_a_later_setting_again(api: Api, deploy: Deploy, name: str) -> None:
    deploy(name, 7)
    set_to(api, name, 20)

    deploy(name, 9)
    parameters.sweep()
    assert effect(name) == told(api, name) == 9

    set_to(api, name, 30)
    parameters.sweep()
    assert effect(name) == 30

    deploy(name, 7)
    parameters.sweep()
    assert effect(name) == 7


@both
def test_a_setting_made_after_the_update_and_before_the_sweep_is_kept(api: Api, deploy: Deploy, name: str) -> None:
    deploy(name, 7)
    set_to(api, name, 20)
    deploy(name, 9)

    set_to(api, name, 30)
    parameters.sweep()

    assert effect(name) == 30


@both
def test_a_setting_made_by_a_function_that_is_not_yet_updated_gives_way(api: Api, deploy: Deploy, name: str) -> None:
    deploy(name, 9)
    set_to(api, name, 20)
    deploy(name, 7)
    set_to(api, name, 30)
    deploy(name, 9)

    parameters.sweep()

    assert effect(name) == 9


@both
def test_a_setting_made_while_the_sweep_looks_is_kept(
    api: Api, deploy: Deploy, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    deploy(name, 7)
    set_to(api, name, 20)
    deploy(name, 9)
    renew = "renew_cap" if name == CAP else "renew_configuration"
    original = getattr(store, renew)

    def slow(*arguments: Any) -> None:
        set_to(api, name, 30)
        original(*arguments)

    monkeypatch.setattr(store, renew, slow)
    parameters.sweep()

    assert effect(name) == 30


@both
def test_a_setting_from_before_the_bookkeeping_stays_and_follows_the_next_change(
    api: Api, deploy: Deploy, name: str
) -> None:
    deploy(name, 7)
    set_to(api, name, 20)
    key = {"Id": "pool#global", "Part": "pool"} if name == CAP else {"Kind": "configuration", "Name": name}
    table = "Executions" if name == CAP else "System"
    item = dynamodb.get(table, key)
    assert item
    del item["Parameter"]
    store.transaction.commit([store.transaction.put(table, item)])

    parameters.sweep()
    assert effect(name) == 20

    deploy(name, 9)
    parameters.sweep()
    assert effect(name) == 9


def test_other_settings_have_no_parameter(api: Api) -> None:
    set_to(api, "mine", 3)

    item = dynamodb.get("System", {"Kind": "configuration", "Name": "mine"})

    assert item == {"Kind": "configuration", "Name": "mine", "Text": '{"Name":"mine","Value":3}'}

"""Lists by `limit` and `cursor`, with a `Link` header to the next page and the old shape in the body."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.system.conftest import Engine
from tests.system.contract.conftest import asset, fresh, pages, refused, workflow_of


def operations(engine: Engine) -> tuple[str, list[str]]:
    return "workflow/operation", [engine.operation("echo") for _ in range(5)]


def stages(engine: Engine) -> tuple[str, list[str]]:
    operation = engine.operation("echo")
    return "workflow/stage", [f"_{operation}", *(engine.stage(operation) for _ in range(4))]


def workflows(engine: Engine) -> tuple[str, list[str]]:
    stage = engine.stage(engine.operation("echo"))
    return "workflow", [workflow_of(engine, stage) for _ in range(5)]


def workflows_by_operation(engine: Engine) -> tuple[str, list[str]]:
    operation = engine.operation("echo")
    stage = engine.stage(operation)
    return f"workflow/list/operation/{operation}", [workflow_of(engine, stage) for _ in range(5)]


def workflows_by_stage(engine: Engine) -> tuple[str, list[str]]:
    stage = engine.stage(engine.operation("echo"))
    return f"workflow/list/stage/{stage}", [workflow_of(engine, stage) for _ in range(5)]


def runs(engine: Engine) -> list[str]:
    workflow = engine.workflow([engine.operation("echo")])
    return [engine.ended(engine.start(workflow))["Id"] for _ in range(5)]


def executions(engine: Engine) -> tuple[str, list[str]]:
    return "workflow/execution", runs(engine)


def summaries(engine: Engine) -> tuple[str, list[str]]:
    return "workflow/execution?view=summary", runs(engine)


def executions_by_status(engine: Engine) -> tuple[str, list[str]]:
    return "workflow/execution/status/Complete", runs(engine)


def executions_by_asset(engine: Engine) -> tuple[str, list[str]]:
    workflow, asset_id = engine.workflow([engine.operation("echo")]), asset(engine)
    made = [engine.run(workflow, Input={"AssetId": asset_id})["Id"] for _ in range(5)]
    return f"workflow/execution/asset/{asset_id}", made


def assets(engine: Engine) -> tuple[str, list[str]]:
    return "metadata", [asset(engine) for _ in range(5)]


def locks(engine: Engine) -> tuple[str, list[str]]:
    made = [asset(engine) for _ in range(5)]
    for asset_id in made:
        engine.ok("POST", f"checkout/{asset_id}", {"LockedBy": "me"})
    return "checkouts", made


LISTS = [
    operations,
    stages,
    workflows,
    workflows_by_operation,
    workflows_by_stage,
    executions,
    summaries,
    executions_by_status,
    executions_by_asset,
    assets,
    locks,
]


def entries(body: Any) -> list[Any]:
    """The entries of a list: a bare array, or what the data plane wraps it in."""
    if isinstance(body, dict):
        [(wrapper, inner)] = body.items()
        assert wrapper in ("assets", "locks")
        return list(inner)
    assert isinstance(body, list)
    return body


def known_by(entry: Any) -> str:
    """What an entry is known by: runs by their id, definitions by their name, locks by their asset."""
    if isinstance(entry, str):
        return entry
    member = "Id" if "Status" in entry else "Name" if "Name" in entry else "AssetId"
    return str(entry[member])


def ids(body: Any) -> list[str]:
    """What the entries of a list are known by."""
    return [known_by(entry) for entry in entries(body)]


@pytest.mark.parametrize("make", LISTS, ids=lambda make: make.__name__)
def test_pages_hold_as_many_as_asked_for_and_together_everything_once(
    engine: Engine, make: Callable[[Engine], tuple[str, list[str]]]
) -> None:
    path, made = make(engine)
    mark = "&" if "?" in path else "?"
    largest = pages(engine, f"{path}{mark}limit={50 if path == 'workflow/execution' else 100}")
    expected = [one for page in largest for one in ids(page.json())]
    # other tests may have left many
    size = max(2, -(-len(expected) // 6))

    found = pages(engine, f"{path}{mark}limit={min(size, 50)}")

    sizes = [len(entries(page.json())) for page in found]
    assert all(count == min(size, 50) for count in sizes[:-1]), sizes
    assert sizes[-1] <= min(size, 50)
    together = [one for page in found for one in ids(page.json())]
    assert len(found) > 1
    assert len(together) == len(set(together))
    assert set(made) <= set(together)
    assert together == expected
    assert all('rel="next"' in page.headers["Link"] for page in found[:-1])
    assert "Link" not in found[-1].headers


@pytest.mark.parametrize(
    "path",
    [
        "workflow/operation",
        "workflow/stage",
        "workflow",
        "workflow/list/operation/x",
        "workflow/list/stage/x",
        "workflow/execution",
        "workflow/execution?view=summary",
        "workflow/execution/status/Complete",
        "workflow/execution/asset/x",
        "metadata",
        "checkouts",
    ],
)
def test_limits_and_cursors_that_are_none_are_refused(engine: Engine, path: str) -> None:
    mark = "&" if "?" in path else "?"

    for limit in ("0", "-1", "x", "1.5", "100000", ""):
        refused(engine.http.get(f"{path}{mark}limit={limit}"), 400, "limit")
    for cursor in ("x", "", "%00", "e30="):
        refused(engine.http.get(f"{path}{mark}cursor={cursor}"), 400, "cursor")


def test_a_cursor_serves_the_list_that_gave_it_out_and_no_other(engine: Engine) -> None:
    path, _ = operations(engine)
    link = engine.http.get(f"{path}?limit=1").links["next"]["url"]
    query = link.partition("?")[2]

    assert engine.http.get(f"workflow/operation?{query}").status_code == 200
    for other in ("workflow/stage", "workflow", "metadata", "workflow/execution"):
        refused(engine.http.get(f"{other}?{query}"), 400, "cursor")


def test_the_link_keeps_what_else_was_asked_for(engine: Engine) -> None:
    summaries(engine)

    first, second, *_ = pages(engine, "workflow/execution?view=summary&limit=2")[:2]

    assert "view=summary" in first.links["next"]["url"]
    assert "limit=2" in first.links["next"]["url"]
    assert "Globals" not in second.json()[0]


def test_without_a_limit_all_definitions_come_at_once(engine: Engine) -> None:
    for make in (operations, stages, workflows):
        path, made = make(engine)
        answer = engine.http.get(path)
        assert "Link" not in answer.headers
        assert set(made) <= set(ids(answer.json()))


def test_a_page_goes_on_behind_an_entry_that_was_deleted_meanwhile(engine: Engine) -> None:
    operation = engine.operation("echo")
    stage = engine.stage(operation)
    names = sorted(workflow_of(engine, stage) for _ in range(4))
    first = engine.http.get(f"workflow/list/operation/{operation}?limit=2")
    assert ids(first.json()) == names[:2]

    engine.ok("DELETE", f"workflow/{names[1]}")
    following = pages(engine, first.links["next"]["url"].partition("/api/")[2])

    assert [one for page in following for one in ids(page.json())] == names[2:]


def test_lists_by_unknown_names_are_empty_and_have_no_link(engine: Engine) -> None:
    for path in (f"workflow/list/operation/{fresh()}", f"workflow/list/stage/{fresh()}"):
        answer = engine.http.get(f"{path}?limit=1")
        assert (answer.text, "Link" in answer.headers) == ("[]", False)

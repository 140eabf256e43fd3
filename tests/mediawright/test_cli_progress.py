from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import pytest
import runs
from fake_api import FakeApi, Reply
from rich.console import Console

from mediawright.cli.progress import follow
from mediawright.cli.run_view import view
from mediawright.client import Client


def printed(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


@pytest.fixture
def lines() -> Console:
    return Console(file=io.StringIO(), width=40)


@pytest.fixture
def terminal() -> Console:
    return Console(file=io.StringIO(), width=120, force_terminal=True, color_system=None)


@pytest.fixture
def serve(api: FakeApi) -> Callable[..., None]:
    def serve(*states: dict[str, Any]) -> None:
        api.on("GET", "/workflow/execution/r", [Reply(state) for state in states])

    return serve


def test_stages_stand_in_running_order_whatever_the_order_of_their_members() -> None:
    assert [stage.name for stage in view(runs.LOOKING).stages] == ["look", "count"]


@pytest.mark.parametrize(
    ("run", "statuses"),
    [
        (runs.QUEUED, ["Not Started", "Not Started", "Not Started"]),
        (runs.LOOKING, ["Started", "Started", "Not Started"]),
        (runs.COUNTING, ["Complete", "Complete", "Started"]),
        (runs.COMPLETE, ["Complete", "Complete", "Complete"]),
        (runs.FAILED, ["Complete", "Error", "Not Started"]),
        ({**runs.COUNTING, "Status": "Canceled"}, ["Complete", "Complete", "Not Started"]),
    ],
)
def test_an_operation_without_an_output_runs_while_its_stage_does(run: dict[str, Any], statuses: list[str]) -> None:
    assert [row.status for stage in view(run).stages for row in stage.operations] == statuses


def test_durations_come_from_the_document() -> None:
    seen = view(runs.COMPLETE)

    assert (seen.seconds, seen.stages[0].seconds, seen.stages[0].operations[0].seconds) == (2.5, 1.5, 1.5)


def test_a_stage_that_failed_as_a_whole_has_no_outputs_to_look_into() -> None:
    broken = runs.run("Error", "Error", "Not Started", {"Error": "States.Timeout"})

    assert [row.status for row in view(broken).stages[0].operations] == ["Not Started", "Not Started"]


def test_without_a_terminal_every_change_is_one_plain_line(
    client: Client, serve: Callable[..., None], lines: Console
) -> None:
    serve(runs.QUEUED, runs.LOOKING, runs.LOOKING, runs.COUNTING, runs.COMPLETE)

    assert follow(client, "r", lines) == runs.COMPLETE
    assert printed(lines).splitlines() == [
        "run r: Queued",
        "run r: Started",
        "stage look: Started",
        "operation look/Mediainfo: Complete (1.5 s)",
        "operation look/Thumbnail: Complete (1.5 s)",
        "stage look: Complete (1.5 s)",
        "stage count: Started",
        "operation count/Statistics: Complete (1.5 s)",
        "stage count: Complete (1.5 s)",
        "run r: Complete (2.5 s)",
    ]


def test_a_failure_tells_its_cause_on_one_line_however_narrow_the_window(
    client: Client, serve: Callable[..., None], lines: Console
) -> None:
    serve(runs.FAILED)

    follow(client, "r", lines)

    assert "operation look/Thumbnail: Error (1.5 s): InvalidInput: no such codec" in printed(lines).splitlines()
    assert printed(lines).splitlines()[-1].startswith("run r: Error (0.5 s): Stage look: operation Thumbnail failed")


def test_a_terminal_shows_a_table_of_stages_and_operations(
    client: Client, serve: Callable[..., None], terminal: Console
) -> None:
    serve(runs.LOOKING, runs.COMPLETE)

    assert follow(client, "r", terminal)["Status"] == "Complete"

    last = printed(terminal).rsplit("Stage", 1)[1]
    for told in (
        "look",
        "Mediainfo",
        "Thumbnail",
        "count",
        "Statistics",
        "Complete",
        "1.5 s",
        "Run r: Complete in 2.5 s",
    ):
        assert told in last


def test_names_and_messages_cannot_pass_for_markup_or_move_the_cursor(
    client: Client, serve: Callable[..., None], lines: Console, terminal: Console
) -> None:
    evil = runs.run("Error", "Error", "Not Started", [], Message="[red]x[/red] \x1b[2J\nrun r: Complete")
    evil["Workflow"]["Stages"]["look"]["Operations"] = ["[bold]op\x1b[31m"]
    serve(evil)

    follow(client, "r", lines)
    follow(client, "r", terminal)

    assert "\x1b" not in printed(lines)
    assert "[red]x[/red]  [2J run r: Complete" in printed(lines)
    assert "[bold]op [31m" in printed(terminal)
    assert "\x1b[2J" not in printed(terminal)

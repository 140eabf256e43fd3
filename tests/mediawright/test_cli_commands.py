from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import runs
from click.testing import Result
from fake_api import FakeApi, Received, Reply

Run = Callable[..., Result]


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"frames")
    return path


@pytest.fixture
def engine(api: FakeApi) -> FakeApi:
    """An API whose run `r` of workflow `w` completes."""
    api.with_bucket()
    api.on("POST", "/workflow/execution", runs.QUEUED)
    api.on("GET", "/workflow/execution/r", [Reply(runs.LOOKING), Reply(runs.COMPLETE)])
    return api


def sent(api: FakeApi, method: str) -> Received:
    return next(request for request in reversed(api.requests) if request.method == method)


def test_run_workflow_file_uploads_runs_and_follows(engine: FakeApi, run: Run, clip: Path) -> None:
    result = run("run", "w", clip)

    assert result.exit_code == 0
    assert result.stdout.splitlines()[-1] == "run r: Complete (2.5 s)"
    media = engine.requests[-3].json["Input"]["Media"]["Video"]
    assert engine.requests[-3].json["Name"] == "w"
    assert engine.objects[media["S3Key"]] == b"frames"


def test_the_longer_spelling_is_the_same(engine: FakeApi, run: Run, clip: Path) -> None:
    assert run("run", "start", "w", clip).exit_code == 0


def test_a_workflow_called_like_a_command_has_the_longer_spelling(engine: FakeApi, run: Run, clip: Path) -> None:
    run("run", "start", "list", clip)

    assert sent(engine, "POST").json["Name"] == "list"


def test_options_may_stand_before_the_workflow(engine: FakeApi, run: Run, clip: Path) -> None:
    assert run("run", "--media-type", "Audio", "w", clip).exit_code == 0
    assert list(sent(engine, "POST").json["Input"]["Media"]) == ["Audio"]


def test_json_prints_the_final_document_and_nothing_else(engine: FakeApi, run: Run, clip: Path) -> None:
    result = run("run", "w", clip, "--json")

    assert json.loads(result.stdout) == runs.COMPLETE
    assert result.stderr == ""


def test_a_failed_run_is_exit_status_1(engine: FakeApi, run: Run, clip: Path) -> None:
    engine.on("GET", "/workflow/execution/r", runs.FAILED)

    assert run("run", "w", clip).exit_code == 1
    result = run("run", "w", clip, "--json")
    assert (result.exit_code, json.loads(result.stdout)) == (1, runs.FAILED)


def test_overrides_an_asset_and_a_stage_alone(engine: FakeApi, run: Run) -> None:
    run("run", "look", "--asset", "a", "--alone", "--configuration", '{"look": {"Mediainfo": {"x": 0.1}}}')

    assert sent(engine, "POST").json == {
        "Stage": "look",
        "Input": {"AssetId": "a"},
        "Configuration": {"look": {"Mediainfo": {"x": 0.1}}},
    }


def test_a_detached_run_is_told_by_its_id(engine: FakeApi, run: Run, clip: Path) -> None:
    result = run("run", "w", clip, "--detach")

    assert (result.exit_code, result.stdout) == (0, "r\n")
    assert sent(engine, "GET").path == "/api/mediapath/upload/upload"


USAGE: list[tuple[list[str], str]] = [
    (["run", "w"], "FILE or --asset"),
    (["run", "w", "no-such-file.mp4"], "does not exist"),
    (["run", "w", "CLIP", "--asset", "a"], "FILE or --asset"),
    (["run", "w", "UNKNOWN"], "give --media-type"),
    (["run", "w", "CLIP", "--configuration", "{"], "is not JSON"),
    (["run", "w", "CLIP", "--configuration", "[1]"], "no JSON object"),
    (["run", "w", "CLIP", "--configuration", '{"s": {"o": {"x": NaN}}}'], "NaN is no number"),
    (["run", "w", "CLIP", "--configuration", "@none.json"], "cannot be read"),
    (["run", "w", "CLIP", "--colour"], "No such option"),
    (["run", "list", "--limit", "0"], "greater than or equal to 1"),
    (["run", "list", "--status", "Error", "--asset", "a"], "don't go together"),
    (["op", "create"], "there is no name"),
    (["op", "create", "--name", "o"], "media type is missing"),
    (["op", "create", "--name", "o", "--media-type", "Video"], "give --start ARN"),
    (["op", "create", "--name", "o", "--media-type", "Video", "--start", "a", "--async"], "give --monitor ARN"),
    (["op", "create", "--name", "o", "--type", "Wait", "--sync"], "give one of them"),
    (["stage", "create", "--name", "s"], "give --operation"),
    (["workflow", "create", "--name", "w"], "give --stage"),
    (["op", "create", "none.json"], "cannot be read"),
    (["workflow", "create", "--name", "w", "-s", "a", "-s", "a"], "only once"),
    (["no-such-command"], "No such command"),
    (["config", "set", "colour", "red"], "there is no setting"),
    (["--endpoint", "nonsense", "op", "list"], "is no endpoint"),
    (["--endpoint", "http://x/", "--stack", "s", "op", "list"], "give one of them"),
    (["op", "show", ".."], "is no name or id"),
]


@pytest.mark.parametrize(("words", "complaint"), USAGE, ids=[" ".join(words) for words, _ in USAGE])
def test_bad_usage_is_exit_status_2_with_a_reason_and_sends_nothing_that_writes(
    api: FakeApi, run: Run, clip: Path, words: list[str], complaint: str
) -> None:
    (clip.parent / "unknown.xyz").write_text("?")
    files = {"CLIP": clip, "UNKNOWN": clip.parent / "unknown.xyz"}

    result = run(*(files.get(word, word) for word in words))

    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in " ".join(result.stderr.replace("│", " ").split())
    assert "Traceback" not in result.stderr
    assert [request.method for request in api.requests if request.method != "GET"] == []


def test_a_refusal_is_exit_status_1_in_one_line(api: FakeApi, run: Run) -> None:
    api.on(
        "GET",
        "/workflow/x",
        Reply({"Code": "NotFoundError", "Message": "workflow 'x' not found", "RequestId": "q"}, 404),
    )

    result = run("workflow", "show", "x")

    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr == "Error: workflow 'x' not found [404 NotFoundError] (request q)\n"


def test_a_refusal_speaks_of_options_not_of_the_apis_members(api: FakeApi, run: Run) -> None:
    """a refusal asked for force=true where the command has --force"""
    told = Reply({"Code": "ConflictError", "Message": "in use. Delete them or pass force=true"}, 409)
    api.on("DELETE", "/workflow/stage/s", told)

    assert "or pass --force [409" in run("stage", "delete", "s").stderr
    assert "force=true" in json.loads(run("stage", "delete", "s", "--json").stdout)["Error"]["Message"]


def test_operations_that_wait_or_are_called_back_are_made_from_options(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/operation", lambda r: r.json)

    assert run("op", "create", "--name", "o", "--type", "Wait", "--media-type", "MetadataOnly").exit_code == 0
    media = {"Configuration": {"Enabled": True, "MediaType": "MetadataOnly"}}
    assert sent(api, "POST").json == {"Name": "o", "Type": "Wait", **media}
    words = ["--timeout", 60, "--heartbeat", 5, "--max-concurrent", 20, "--retry", '{"MaxAttempts": 5}']
    run(
        "op",
        "create",
        "--name",
        "o",
        "--type",
        "Callback",
        "--start",
        "arn:s",
        "--media-type",
        "MetadataOnly",
        *words,
    )
    assert sent(api, "POST").json == {
        "Name": "o",
        "Type": "Callback",
        "StartLambdaArn": "arn:s",
        "TimeoutSeconds": 60,
        "HeartbeatSeconds": 5,
        "MaxConcurrent": 20,
        "Retry": {"MaxAttempts": 5},
        **media,
    }


def test_a_refusal_in_json_is_a_document(api: FakeApi, run: Run) -> None:
    api.on("GET", "/workflow/x", Reply({"Code": "NotFoundError", "Message": "gone", "RequestId": "q"}, 404))

    result = run("--json", "workflow", "show", "x")

    assert result.exit_code == 1
    assert json.loads(result.stdout) == {
        "Error": {"Status": 404, "Code": "NotFoundError", "Message": "gone", "RequestId": "q"}
    }


def test_nobody_at_the_endpoint_is_exit_status_1_in_one_line(api: FakeApi, run: Run) -> None:
    api.close()

    result = run("op", "list")

    assert result.exit_code == 1
    assert result.stderr.startswith(f"Error: cannot reach {api.endpoint}")
    assert len(result.stderr.splitlines()) == 1


def test_an_operation_is_registered_from_options(api: FakeApi, run: Run, tmp_path: Path) -> None:
    api.on("POST", "/workflow/operation", lambda r: r.json)
    (tmp_path / "schema.json").write_text('{"type": "object"}')

    words = [
        "op",
        "create",
        "--name",
        "o",
        "--start",
        "arn:s",
        "--monitor",
        "arn:m",
        "--media-type",
        "Video",
        "--disabled",
    ]
    result = run(*words, "--configuration", '{"x": 0.1}', "--schema", f"@{tmp_path / 'schema.json'}")

    assert (result.exit_code, result.stdout) == (0, "operation o is registered\n")
    assert sent(api, "POST").json == {
        "Name": "o",
        "Type": "Async",
        "StartLambdaArn": "arn:s",
        "MonitorLambdaArn": "arn:m",
        "Configuration": {"MediaType": "Video", "Enabled": False, "x": 0.1},
        "ConfigurationSchema": {"type": "object"},
    }


def test_options_win_over_the_file_and_a_dry_run_shows_what_would_be(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/operation", lambda r: {**r.json, "Id": "i"})
    definition = {"Name": "o", "Configuration": {"MediaType": "Video", "Enabled": True}, "Kept": 1}

    result = run("op", "create", "-", "--name", "p", "--start", "arn:s", "--dry-run", stdin=json.dumps(definition))

    assert sent(api, "POST").query == {"dryRun": "true"}
    assert json.loads(result.stdout) == {
        **definition,
        "Name": "p",
        "Type": "Sync",
        "StartLambdaArn": "arn:s",
        "Id": "i",
    }


def test_switching_an_operation_off_keeps_the_rest_of_its_configuration(api: FakeApi, run: Run) -> None:
    api.on(
        "GET",
        "/workflow/operation/o",
        {"Name": "o", "Configuration": {"MediaType": "Video", "Enabled": True, "x": 1}},
    )
    api.on("PUT", "/workflow/operation", lambda r: r.json)

    assert run("op", "update", "--name", "o", "--disabled").exit_code == 0
    assert sent(api, "PUT").json == {"Name": "o", "Configuration": {"MediaType": "Video", "Enabled": False, "x": 1}}


def test_a_stage_is_made_and_changed_from_options(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow/stage", lambda r: r.json)
    api.on("PUT", "/workflow/stage", lambda r: r.json)

    run("stage", "create", "--name", "s", "-o", "a", "-o", "b")
    assert sent(api, "POST").json == {"Name": "s", "Operations": ["a", "b"]}
    run("stage", "update", "--name", "s", "--configuration", '{"a": {"x": 1}}')
    assert sent(api, "PUT").json == {"Name": "s", "Configuration": {"a": {"x": 1}}}


def test_a_workflow_is_chained_from_its_stages(api: FakeApi, run: Run) -> None:
    api.on("POST", "/workflow", lambda r: r.json)
    api.on("PUT", "/workflow", lambda r: r.json)

    run("workflow", "create", "--name", "w", "-s", "a", "-s", "b", "--max-concurrent", 2, "--timeout", 60)
    limits = {"MaxConcurrent": 2, "TimeoutSeconds": 60}
    chain = {"StartAt": "a", "Stages": {"a": {"Next": "b"}, "b": {"End": True}}}
    assert sent(api, "POST").json == {"Name": "w", **chain, **limits}
    run("workflow", "update", "--name", "w")
    assert sent(api, "PUT").json == {"Name": "w"}


@pytest.mark.parametrize("kind", ["op", "stage", "workflow"])
def test_definitions_are_shown_listed_and_deleted(api: FakeApi, run: Run, kind: str) -> None:
    path = {"op": "/workflow/operation", "stage": "/workflow/stage", "workflow": "/workflow"}[kind]
    thing = {"Name": "x", "StartAt": "s", "Stages": {"s": {"End": True}}, "Operations": ["o"], "Configuration": {}}
    api.on("GET", path, [thing])
    api.on("GET", f"{path}/x", thing)
    api.on("DELETE", f"{path}/x", thing)

    assert run(kind, "list").stdout.startswith("x\t")
    assert json.loads(run(kind, "list", "--json").stdout) == [thing]
    assert json.loads(run(kind, "show", "x").stdout) == thing
    assert run(kind, "delete", "x", "--force").exit_code == 0
    assert sent(api, "DELETE").query == {"force": "true"}
    assert json.loads(run(kind, "delete", "x", "--json").stdout) == [thing]


def test_runs_are_listed_by_all_status_and_asset(api: FakeApi, run: Run) -> None:
    summary = {
        "Id": "r",
        "Status": "Error",
        "CurrentStage": "look",
        "Workflow": {"Name": "w"},
        "Created": "1700000000.1",
    }
    for path in ("/workflow/execution", "/workflow/execution/status/Error", "/workflow/execution/asset/a"):
        api.on("GET", path, [summary, summary])

    assert run("run", "list", "--limit", "1").stdout.startswith("r\tw\tError\tlook\t20")
    assert sent(api, "GET").query == {"view": "summary", "limit": "1"}
    assert json.loads(run("run", "list", "--status", "Error", "--json").stdout) == [summary, summary]
    assert len(run("run", "list", "--asset", "a").stdout.splitlines()) == 2


def test_a_run_is_shown_canceled_and_deleted(api: FakeApi, run: Run) -> None:
    api.on("GET", "/workflow/execution/r", runs.FAILED)
    api.on("POST", "/workflow/execution/r/cancel", {"Id": "r", "Status": "Canceled"})
    api.on("DELETE", "/workflow/execution/r", runs.FAILED)

    lines = run("run", "show", "r").stdout.splitlines()
    assert lines[0].startswith("run\tr\tw\tError\tStage look")
    assert "operation\tlook\tThumbnail\tError\t1.5 s\tInvalidInput: no such codec" in lines
    assert json.loads(run("run", "show", "r", "--json").stdout) == runs.FAILED
    assert run("run", "cancel", "r", "--reason", "wrong file").stdout == "run r is canceled\n"
    assert sent(api, "POST").json == {"Reason": "wrong file"}
    assert run("run", "delete", "r").stdout == "run r is deleted\n"


def test_what_a_run_made_is_brought_home(engine: FakeApi, run: Run, tmp_path: Path) -> None:
    engine.on("GET", "/workflow/execution/r", runs.COMPLETE)
    engine.objects[runs.SHEET["S3Key"]] = b"jpeg"
    with_metadata(engine)

    result = run("run", "download", "r", "--to", tmp_path / "out")

    assert result.exit_code == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["Mediainfo.json", "Shots.json", "sheet.jpg"]
    assert (tmp_path / "out" / "sheet.jpg").read_bytes() == b"jpeg"
    assert json.loads((tmp_path / "out" / "Mediainfo.json").read_text()) == {"x": 0.1}
    assert json.loads((tmp_path / "out" / "Shots.json").read_text()) == [{"n": 0}, {"n": 1}]


def with_metadata(api: FakeApi) -> None:
    pages: list[dict[str, Any]] = [
        {"results": {"MediaType": "Video", "S3Bucket": "data", "S3Key": "upload/x/clip.mp4", "Created": "1.0"}},
        {"operator": "Mediainfo", "results": {"x": 0.1}},
        {"operator": "Shots", "results": {"n": 0}},
        {"operator": "Shots", "results": {"n": 1}},
    ]

    def page(request: Received) -> dict[str, Any]:
        at = int(request.query.get("cursor", "0"))
        return {"asset_id": "a", **pages[at], **({"cursor": str(at + 1)} if at + 1 < len(pages) else {})}

    api.on("GET", "/metadata/a", page)
    api.on("GET", "/metadata/a/Mediainfo", {"asset_id": "a", **pages[1]})
    api.on("GET", "/metadata", {"assets": ["a", "b"]})
    api.on("DELETE", "/metadata/a", Reply("Deleted asset: a from the dataplane"))


def test_assets_are_listed_shown_read_fetched_and_deleted(engine: FakeApi, run: Run, tmp_path: Path) -> None:
    with_metadata(engine)
    engine.objects["upload/x/clip.mp4"] = b"frames"

    assert run("asset", "list").stdout == "a\nb\n"
    assert json.loads(run("asset", "show", "a", "--json").stdout)["Operators"] == ["Mediainfo", "Shots"]
    assert json.loads(run("asset", "metadata", "a").stdout) == {
        "Mediainfo": {"x": 0.1},
        "Shots": [{"n": 0}, {"n": 1}],
    }
    assert json.loads(run("asset", "metadata", "a", "Mediainfo").stdout) == {"x": 0.1}
    files = json.loads(run("asset", "download", "a", "--to", tmp_path / "out", "--json").stdout)
    assert (tmp_path / "out" / "clip.mp4").read_bytes() == b"frames"
    assert len(files) == 3
    assert run("asset", "delete", "a").stdout == "asset a is deleted\n"

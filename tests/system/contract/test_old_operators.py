"""Operators of the old engine, with its helper module in their zip, run unchanged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.system.conftest import Engine
from tests.system.contract.conftest import ROOT, OldOperators, fresh, workflow_of


def made(operation: str, media_type: str, **custom: str) -> tuple[dict[str, Any], dict[str, str]]:
    """What an old test operator leaves: its metadata and its medium."""
    metadata = {"Meta": f"Workflow metadata for {operation}", **custom}
    place = {"S3Bucket": f"S3BucketFrom{operation}", "S3Key": f"S3/Key/From/{operation}/{media_type.lower()}"}
    return metadata, place


def test_the_old_test_operators_hand_on_metadata_and_media_by_type(
    engine: Engine, old_operators: OldOperators
) -> None:
    video = old_operators.operation("sync", name=fresh("video-test-sync"), OutputMediaType="Audio")
    slow = old_operators.operation("start", "monitor", name=fresh("video-test-async"), OutputMediaType="Text")
    audio = old_operators.operation("sync", name=fresh("audio-test-sync"), MediaType="Audio")
    text = old_operators.operation("start", "monitor", name=fresh("text-test-async"), MediaType="Text")
    image = old_operators.operation("sync", name=fresh("image-test-sync"), MediaType="Image")
    first, last = engine.stage(video, slow), engine.stage(audio, text, image)
    override = {first: {video: {"TestCustomConfig": "custom 'value'"}}}
    place = engine.video()

    run = engine.run(workflow_of(engine, first, last), Input=place, Configuration=override)

    assert run["Status"] == "Complete"
    left = {
        video: made(video, "Audio", TestCustomConfig="custom 'value'"),
        slow: made(slow, "Text"),
        audio: made(audio, "Audio"),
        text: made(text, "Text"),
    }
    assert run["Globals"]["MetaData"] == {name: metadata for name, (metadata, _) in left.items()}
    # the second stage's audio and text replace the first's
    media = {**place["Media"], "Audio": left[audio][1], "Text": left[text][1]}
    assert run["Globals"]["Media"] == media
    between = run["Workflow"]["Stages"][last]["Input"]
    assert between["Media"] == {**place["Media"], "Audio": left[video][1], "Text": left[slow][1]}
    outputs = engine.outputs(run)
    assert outputs[image]["Status"] == "Skipped"
    assert outputs[audio]["Input"] == between


def test_old_operators_that_answer_error_fail_their_run_and_keep_what_they_made(
    engine: Engine, old_operators: OldOperators
) -> None:
    for handlers in (("sync_fail", None), ("start", "monitor_fail")):
        bad = old_operators.operation(*handlers)
        good = old_operators.operation("sync", OutputMediaType="Audio")

        run = engine.run(engine.workflow([bad, good]))

        assert run["Status"] == "Error"
        assert bad in run["Message"]
        statuses = {name: output["Status"] for name, output in engine.outputs(run).items()}
        assert statuses == {bad: "Error", good: "Complete"}
        assert run["Globals"]["MetaData"] == {bad: made(bad, "Video")[0], good: made(good, "Audio")[0]}


def test_two_operations_of_a_stage_must_not_make_the_same_medium(engine: Engine, old_operators: OldOperators) -> None:
    one = old_operators.operation("sync", OutputMediaType="Audio")
    two = old_operators.operation("sync", OutputMediaType="Audio")

    run = engine.run(engine.workflow([one, two]))

    assert run["Status"] == "Error"
    assert all(word in run["Message"] for word in (one, two, "Audio"))


def test_the_old_execution_error_is_tried_three_times_and_its_metadata_is_kept(
    engine: Engine, old_operators: OldOperators, tmp_path: Path
) -> None:
    calls = tmp_path / "calls"
    operation = old_operators.operation("raises_output", Calls=str(calls))

    run = engine.run(engine.workflow([operation]))

    assert run["Status"] == "Error"
    assert run["Globals"]["MetaData"] == {"TranscribeError": "no speech in 'clip.mp4'"}
    assert calls.read_text().count("called") == 3


def test_an_answer_of_the_older_helper_with_four_members_is_enough(
    engine: Engine, old_operators: OldOperators
) -> None:
    run = engine.run(engine.workflow([old_operators.operation("short_output")]))

    assert (run["Status"], run["Globals"]["MetaData"]) == ("Complete", {"Short": "yes"})


def test_the_old_helper_stores_pages_and_reads_all_metadata_by_cursor(
    engine: Engine, old_operators: OldOperators
) -> None:
    run = engine.run(engine.workflow([old_operators.operation("stores_pages")]))

    assert run["Status"] == "Complete", run.get("Message")
    found, asset_id = run["Globals"]["MetaData"], run["AssetId"]
    pages = [{"n": n, "score": 0.1 + n, "labels": ["a"] * n} for n in range(3)]
    info = {"frames": 25, "rate": 29.97}
    assert found["labels"] == pages
    assert sorted(found["found"], key=str) == sorted([*(["labels", page] for page in pages), ["info", info]], key=str)
    assert [page for operator, page in found["found"] if operator == "labels"] == pages
    assert found["facts"]["MediaType"] == "Video"
    prefix = f"private/assets/{asset_id}/workflows/{run['Id']}/"
    first, second, last, whole = found["answers"]
    assert first == second == {"Status": "Success"}
    assert (last["Status"], last["Bucket"]) == ("Success", engine.bucket)
    assert last["Key"].startswith(prefix)
    assert whole == {"Status": "Success", "Bucket": engine.bucket, "Key": f"{prefix}info.json"}
    # and the same over HTTP
    assert engine.ok("GET", f"metadata/{asset_id}/info")["results"] == info


def test_the_old_helper_answers_refusals_as_bodies_and_reaches_the_data_plane_only(
    engine: Engine, old_operators: OldOperators
) -> None:
    run = engine.run(engine.workflow([old_operators.operation("uses_dataplane")]))

    assert run["Status"] == "Complete", run.get("Message")
    found = run["Globals"]["MetaData"]
    prefix = f"private/assets/{run['AssetId']}/workflows/{run['Id']}/"
    assert found["path"] == {"S3Bucket": engine.bucket, "S3Key": prefix}
    place = run["Globals"]["Media"]["Video"]
    assert {member: found["made"][member] for member in ("MediaType", "S3Bucket", "S3Key")} == {
        "MediaType": "Video",
        **place,
    }
    assert engine.ok("GET", f"metadata/{found['made']['AssetId']}")["results"]["S3Key"] == place["S3Key"]
    assert found["unknown"]["Code"] == found["no_such_operator"]["Code"] == "NotFoundError"
    assert found["end_alone"]["Code"] == "BadRequestError"
    assert found["end_alone"]["Message"] == "Must pass required query parameter: paginated"
    assert found["control_plane"]["Code"] == "ForbiddenError"
    assert found["info"] == {"AssetId": run["AssetId"], "WorkflowExecutionId": run["Id"]}


def test_the_helper_in_the_operators_own_zip_is_the_one_that_runs(
    engine: Engine, old_operators: OldOperators
) -> None:
    found = engine.run(engine.workflow([old_operators.operation("uses_dataplane")]))["Globals"]["MetaData"]

    assert Path(found["helper_file"]).parents[1] == Path(found["own_file"]).parent
    assert ROOT not in Path(found["helper_file"]).parents


def test_without_the_data_planes_name_the_helper_says_what_is_missing(
    engine: Engine, old_operators: OldOperators
) -> None:
    operation = old_operators.operation("uses_dataplane", configured=False)

    run = engine.run(engine.workflow([operation]))

    assert run["Status"] == "Error"
    assert "the environment variable DataplaneEndpoint is not set" in run["Message"]

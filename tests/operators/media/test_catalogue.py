from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from PIL import Image

from mediawright import InvalidInput
from operators.media import catalogue
from tests.operators.media.conftest import REGISTRATIONS, Render, Run, handler, sine

MEDIA_TYPES = ["Video", "Audio", "Image", "Text"]
TEXT = "The lamp of the lighthouse was lit, and the keeper of the lighthouse went to bed. " * 5


def test_names_are_unique_and_every_default_satisfies_its_schema() -> None:
    listed = catalogue.registrations()

    assert len({entry.name for entry in listed}) == len(listed) >= 16
    for entry in listed:
        Draft202012Validator.check_schema(entry.configuration_schema)
        Draft202012Validator(entry.configuration_schema).validate(entry.configuration)
        assert entry.configuration["Enabled"] is True
        assert entry.type == "Sync"


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_the_handler_checks_the_configuration_against_the_schema_that_is_registered(name: str) -> None:
    assert handler(REGISTRATIONS[name]).configuration_schema == REGISTRATIONS[name].configuration_schema


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_every_default_is_the_one_that_the_schema_tells(name: str) -> None:
    members = REGISTRATIONS[name].configuration_schema["properties"]

    told = {member: rule["default"] for member, rule in members.items() if "default" in rule}

    assert {key: REGISTRATIONS[name].configuration.get(key) for key in told} == told


@pytest.mark.parametrize("name", REGISTRATIONS)
def test_an_unknown_member_is_refused_by_name(run: Run, name: str) -> None:
    with pytest.raises(InvalidInput, match="Intervall"):
        run.operate(name, Intervall=3)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("Thumbnail", {"IntervalSeconds": 0}),
        ("Thumbnail", {"Quality": 101}),
        ("AudioExtract", {"Format": "exe"}),
        ("ShotDetection", {"Threshold": "10:file=/etc/passwd"}),
        ("SilenceDetection", {"ThresholdDb": 3}),
        ("ImageThumbnail", {"Background": "#ffffff\n"}),
        ("KeyWords", {"Language": "English"}),
        ("Mediainfo", {"MediaType": ""}),
    ],
)
def test_a_value_out_of_bounds_is_refused_by_name(run: Run, name: str, change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match=rf"^Configuration\.{next(iter(change))}: "):
        run.operate(name, **change)


def test_functions_are_shared_by_the_registrations_of_a_folder() -> None:
    sharing = [entry.function for entry in catalogue.registrations() if entry.name.startswith("Mediainfo")]

    assert sharing == ["Mediainfo"] * 3


def test_workflow_documents_are_those_of_the_api() -> None:
    workflow = catalogue.workflows()["Text"]

    assert workflow.document() == {
        "Name": "TextOverview",
        "StartAt": "TextProbe",
        "Stages": {"TextProbe": {"Next": "TextAnalysis"}, "TextAnalysis": {"End": True}},
    }
    assert workflow.stages[0].document() == {"Name": "TextProbe", "Operations": ["TextEncoding", "TextLanguage"]}
    assert "Configuration" in workflow.stages[1].document()


def test_stage_and_workflow_names_are_unique() -> None:
    workflows = catalogue.workflows()
    stages = [stage.name for workflow in workflows.values() for stage in workflow.stages]

    assert list(workflows) == MEDIA_TYPES
    assert len(set(stages)) == len(stages)


@pytest.fixture
def media(clip: Path, render: Render, tmp_path: Path) -> dict[str, Path]:
    picture, text = tmp_path / "picture.png", tmp_path / "text.txt"
    Image.linear_gradient("L").convert("RGB").save(picture)
    text.write_text(TEXT)
    return {"Video": clip, "Audio": render("tone.wav", *sine(5)), "Image": picture, "Text": text}


@pytest.mark.parametrize("media_type", MEDIA_TYPES)
def test_the_example_workflow_of_every_kind_of_file_completes_in_two_stages_and_four_operations(
    run: Run, media: dict[str, Path], media_type: str
) -> None:
    run.add(media_type, media[media_type])
    workflow = catalogue.workflows()[media_type]

    completed = [operation for stage in workflow.stages for operation in _run_stage(run, stage)]

    assert len(workflow.stages) >= 2
    assert len(completed) >= 4
    assert set(completed) <= set(run.documents)


def test_four_operations_complete_for_a_video_without_sound(run: Run, render: Render) -> None:
    run.add("Video", render("mute.mp4", "-f", "lavfi", "-i", "testsrc2=size=160x90:duration=1"))

    completed = [operation for stage in catalogue.workflows()["Video"].stages for operation in _run_stage(run, stage)]

    assert completed == ["Mediainfo", "Thumbnail", "AudioExtract", "ShotDetection", "ImageInfo"]


def _run_stage(run: Run, stage: catalogue.Stage) -> list[str]:
    """As the engine does: an operation whose media is not there is skipped, siblings see the same input."""
    before, completed = copy.deepcopy(run.media), []
    for name in stage.operations:
        configuration = stage.configuration.get(name, {})
        if configuration.get("MediaType", REGISTRATIONS[name].configuration["MediaType"]) in before:
            assert run.operate(name, **configuration)["Status"] == "Complete"
            completed.append(name)
    return completed

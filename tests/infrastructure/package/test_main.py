from __future__ import annotations

import json
from pathlib import Path

import pytest

from infrastructure.package.__main__ import main, whole_digest
from infrastructure.package.wheels import NoWheels


def test_build_prints_sizes_and_one_digest_for_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("infrastructure.package.contents.layer", lambda *_: {})  # large, and no matter here
    out = tmp_path / "dist"

    assert main(["build", "--out", str(out), "--architecture", "arm64"]) == 0

    printed = capsys.readouterr().out.splitlines()
    assert printed[-1].endswith(whole_digest(out))
    assert {line.split()[0] for line in printed} >= {
        "engine.zip",
        "operators.zip",
        "mediawright.json",
        "operators.json",
    }
    core = json.loads((out / "mediawright.json").read_text())
    assert core["Resources"]["APIHandler"]["Properties"]["Architectures"] == ["arm64"]


def test_what_cant_be_built_is_told_without_a_traceback(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(*_: object) -> None:
        raise NoWheels("pip has no wheels")

    monkeypatch.setattr("infrastructure.package.contents.fetch", fail)

    assert main(["build", "--out", str(tmp_path / "dist")]) == 1

    assert capsys.readouterr().err == "pip has no wheels\n"
    assert list(tmp_path.iterdir()) == []

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from infrastructure.template.app_loader import load_app_module


def test_an_app_is_imported_once(project: Path) -> None:
    assert load_app_module(project) is load_app_module(project)


def test_two_projects_have_two_modules(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "app.py").write_text(f"app = {name!r}\n")

    assert [load_app_module(tmp_path / name).app for name in ("one", "two")] == ["one", "two"]


def test_an_app_that_fails_to_import_leaves_no_module(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("raise ValueError('no')\n")
    before = set(sys.modules)

    with pytest.raises(ValueError, match="no"):
        load_app_module(tmp_path)

    assert not [name for name in set(sys.modules) - before if name.startswith("app")]

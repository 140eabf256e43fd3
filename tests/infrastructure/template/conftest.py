from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from infrastructure.template.builder import build
from tests.infrastructure import sample_project


@pytest.fixture(autouse=True)
def _import_path() -> Iterator[None]:
    """Loading an app makes its folder importable; other tests must not see it."""
    before = list(sys.path)
    yield
    sys.path[:] = before


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return sample_project.write(tmp_path)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The SAM template of the sample project with one operator."""
    project = sample_project.write(tmp_path_factory.mktemp("sample"))
    operation = {
        "Name": "Thing",
        "Type": "Sync",
        "Configuration": {},
        "Handler": "operators.media.some_thing.handler.lambda_handler",
        "MemorySize": 640,
        "Timeout": 33,
    }
    sample_project.add_operator(project, "some_thing", operation)
    return build(project)

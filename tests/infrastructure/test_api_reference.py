from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from infrastructure import api_reference

ROOT = Path(__file__).resolve().parents[2]
DOCUMENT: dict[str, Any] = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
PAGE = api_reference.page(DOCUMENT)
ROUTES = [(method.upper(), path) for path, methods in DOCUMENT["paths"].items() for method in methods]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_route_has_a_section(method: str, path: str) -> None:
    assert PAGE.count(f"\n### {method} {path}\n") == 1


def test_a_route_tells_its_members_an_example_and_its_refusals() -> None:
    section = PAGE.split("\n### POST /service/translate/create_parallel_data\n")[1].split("\n### ")[0]

    assert "| `ParallelDataConfig` | object | Needed." in section
    assert '"S3Uri": "s3://mediawright-data/parallel/subtitles.csv"' in section
    assert "\n* 409: " in section


def test_public_routes_say_that_they_need_no_signature() -> None:
    section = PAGE.split("\n### GET /docs\n")[1].split("\n### ")[0]

    assert "Needs no signature." in section
    assert PAGE.count("Needs no signature.") == 7


def test_every_room_of_the_document_has_a_heading() -> None:
    tags = {operation["tags"][0] for methods in DOCUMENT["paths"].values() for operation in methods.values()}

    assert tags == set(api_reference._ROOMS)


def test_a_description_cannot_break_its_table() -> None:
    assert api_reference._cell("a | b\nc") == "a \\| b c"

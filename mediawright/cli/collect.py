"""Bringing home what a run made: its media files and its operations' metadata."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from mediawright.client import Client
from mediawright.client.documents import Execution

_NO_NAMES = ("", ".", "..")


def collect(
    client: Client, run: Execution, directory: Path, on_file: Callable[[Path], None] | None = None
) -> list[Path]:
    """Fetch the media that a run made and the metadata of its asset into a directory, and return the files' paths.

    A medium is called like its object in the bucket, a metadata document `<operator>.json`.
    """
    paths: list[Path] = []

    def done(path: Path) -> None:
        paths.append(path)
        if on_file is not None:
            on_file(path)

    for name, place in _named(made_media(run)):
        done(client.download(place["S3Bucket"], place["S3Key"], directory / name))
    for path in write_metadata(client, run["AssetId"], directory):
        done(path)
    return paths


def made_media(run: Mapping[str, Any]) -> list[tuple[str, Mapping[str, str]]]:
    """Return the media that a run added to those it was given, each with its type, in the order of the stages."""
    seen = {_where(place) for place in _given(run).values()}
    made = []
    for stage in run["Workflow"]["Stages"].values():
        for output in stage.get("Outputs") or []:
            for medium, place in (output.get("Media") or {}).items():
                if _where(place) not in seen:
                    seen.add(_where(place))
                    made.append((medium, place))
    return made


def write_metadata(client: Client, asset_id: str, directory: Path, operator: str | None = None) -> list[Path]:
    """Write an asset's metadata, one `<operator>.json` each, and return the files' paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for name, pages in _pages(client, asset_id, operator).items():
        path = directory / f"{_file_name(name)}.json"
        document = pages[0] if len(pages) == 1 else pages
        path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        paths.append(path)
    return paths


def _named(media: list[tuple[str, Mapping[str, str]]]) -> Iterator[tuple[str, Mapping[str, str]]]:
    taken: set[str] = set()
    for medium, place in media:
        name = _file_name(PurePosixPath(place["S3Key"]).name)
        while name in taken:
            name = f"{_file_name(medium)}-{name}"
        taken.add(name)
        yield name, place


def _pages(client: Client, asset_id: str, operator: str | None) -> dict[str, list[Any]]:
    pages: dict[str, list[Any]] = {}
    for page in client.metadata(asset_id, operator):
        if "operator" in page:
            pages.setdefault(page["operator"], []).append(page["results"])
    return pages


def _given(run: Mapping[str, Any]) -> Mapping[str, Mapping[str, str]]:
    workflow = run["Workflow"]
    stages: Mapping[str, Any] = workflow["Stages"]
    first: Mapping[str, Any] = stages.get(workflow.get("StartAt")) or next(iter(stages.values()), {})
    given: Mapping[str, Mapping[str, str]] = (first.get("Input") or {}).get("Media") or {}
    return given


def _where(place: Mapping[str, str]) -> tuple[str, str]:
    return place["S3Bucket"], place["S3Key"]


def _file_name(name: str) -> str:
    cleaned = name.replace("/", "_").replace("\\", "_").replace("\0", "_")
    return "_" if cleaned in _NO_NAMES else cleaned

"""Builds `dist/`: archives, layers, the container image's folder and the two templates."""

from __future__ import annotations

import json
import shutil
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from infrastructure.package import contents, image
from infrastructure.package.archive import Archive, write
from infrastructure.package.target import Target
from infrastructure.template.builder import build as core_template
from infrastructure.template.helper_layer import ARCHIVE as HELPER
from infrastructure.template.layers import LAYERS
from infrastructure.template.operators import (
    ARCHIVE,
    layers_of,
    operator_definitions,
    operator_library,
    runs_in_image,
)
from infrastructure.template.places import beside

UNZIPPED_LIMIT = 250 * 1024 * 1024
"""Bytes that a function and its layers may have together (Lambda quotas)."""

CORE_TEMPLATE = "mediawright.json"
OPERATORS_TEMPLATE = "operators.json"


class NotOurs(Exception):
    """The folder to build into holds what no build put there."""


class TooLarge(Exception):
    """A function and its layers are more than Lambda takes."""

    def __init__(self, operation: str, unzipped: int) -> None:
        super().__init__(
            f"the function of {operation} and its layers are {unzipped:,} bytes unzipped; "
            f"Lambda takes {UNZIPPED_LIMIT:,}; operators/Dockerfile makes an image that takes more"
        )


def build(project: Path, out: Path, target: Target, cache: Path) -> dict[str, Archive]:
    """Build everything and put it in the place of what an earlier build left in `out`; the archives by name.

    Raises NotOurs before anything is built, and NoWheels, NotLocked, TemplateError, UnknownLayer, TooLarge.
    """
    if out.exists() and any(out.iterdir()) and not (out / CORE_TEMPLATE).exists():
        raise NotOurs(f"{out} holds other things: name a folder that is new, empty or of an earlier build")
    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".building-") as folder:
        made = Path(folder) / out.name
        made.mkdir()
        archives = _build(project, made, target, cache)
        shutil.rmtree(out, ignore_errors=True)
        made.rename(out)
    return {name: replace(archive, path=out / archive.path.name) for name, archive in archives.items()}


def _build(project: Path, out: Path, target: Target, cache: Path) -> dict[str, Archive]:
    files = {"engine": contents.engine(project, target, cache), HELPER: contents.helper(project)}
    if operator_definitions(project):
        files[ARCHIVE] = contents.operators(project, target, cache)
    for name in _used_layers(project):
        files[LAYERS[name].archive] = contents.layer(project, LAYERS[name], target, cache)
    archives = {name: write(out / f"{name}.zip", entries) for name, entries in files.items()}
    check_sizes(operator_definitions(project), {name: archive.unzipped for name, archive in archives.items()})
    image.write(project, out / "image", target)
    for file, template in templates(project, target).items():
        _write_template(out / file, template)
    return archives


def templates(project: Path, target: Target) -> dict[str, dict[str, Any]]:
    """The SAM template of the core and the operators' template, by file name. Raises TemplateError, UnknownLayer."""
    places = beside(target.architecture)
    made = {CORE_TEMPLATE: core_template(project, places)}
    if operator_definitions(project):
        made[OPERATORS_TEMPLATE] = operator_library(project, places)
    return made


def check_sizes(definitions: list[dict[str, Any]], unzipped: dict[str, int]) -> None:
    """Raise TooLarge for the first operation whose function doesn't fit; sizes in bytes by archive."""
    for entry in definitions:
        if runs_in_image(entry):
            continue
        whole = sum(unzipped[name] for name in (ARCHIVE, *(LAYERS[layer].archive for layer in layers_of(entry))))
        if whole > UNZIPPED_LIMIT:
            raise TooLarge(entry["Name"], whole)


def _used_layers(project: Path) -> list[str]:
    return sorted({name for entry in operator_definitions(project) for name in layers_of(entry)})


def _write_template(path: Path, template: dict[str, Any]) -> None:
    path.write_text(json.dumps(template, indent=1, sort_keys=True) + "\n", encoding="utf-8")

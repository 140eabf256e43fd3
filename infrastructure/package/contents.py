"""What each archive holds."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from packaging.utils import canonicalize_name

from infrastructure.package.archive import Entry, of_folder, of_wheel
from infrastructure.package.lock import chosen, pinned
from infrastructure.package.target import Target
from infrastructure.package.wheels import fetch
from infrastructure.template.layers import Layer

Files = dict[str, Entry]

IN_IMAGE = frozenset({"boto3", "botocore", "jmespath", "python-dateutil", "s3transfer", "six", "urllib3"})
"""Lambda's Python images bring boto3 with all that it needs."""

CHALICE_RUNTIME = ("chalice/__init__.py", "chalice/app.py")
"""What Chalice puts into every package; the rest of it serves deployment."""

SCHEMAS = ("attrs", "jsonschema", "jsonschema-specifications", "referencing", "rpds-py", "typing-extensions")
"""jsonschema with what it needs: operators check their Configuration with it."""

_LAPTOP_ONLY = ("operators/media/sample.py", "mediawright/cli/", "mediawright/client/", "mediawright/__main__.py")
"""The sample clip's renderer, the command line and the client of the HTTP API."""


def engine_packages(project: Path, target: Target) -> list[str]:
    """The names of the packages in the engine's archive."""
    return sorted(set(pinned(project / "requirements.txt", target)) - IN_IMAGE)


def engine_requirements(project: Path, target: Target) -> list[str]:
    """The pinned requirements of the engine's archive. Raises NotLocked."""
    return chosen(project / "requirements.txt", engine_packages(project, target), target)


def operator_requirements(project: Path, target: Target) -> list[str]:
    """The pinned requirements of the operators' archive. Raises NotLocked."""
    return chosen(project / "requirements.txt", SCHEMAS, target)


def layer_requirements(project: Path, layers: Iterable[Layer], target: Target) -> list[str]:
    """The pinned requirements of layers. Raises NotLocked."""
    names = {canonicalize_name(name) for layer in layers for name in layer.packages}
    return chosen(project / "requirements" / "run.txt", names, target)


def engine(project: Path, target: Target, cache: Path) -> Files:
    """The app, the helper, Chalice's runtime, and the packages that they import. Raises NoWheels, NotLocked."""
    chalice = chosen(project / "requirements" / "run.txt", ["chalice"], target)
    runtime = _installed(fetch(chalice, target, cache))
    return {
        "app.py": Entry((project / "app.py").read_bytes()),
        **dict(of_folder(project / "chalicelib", "chalicelib")),
        **_deployed(project, "mediawright"),
        **{name: runtime[name] for name in CHALICE_RUNTIME},
        **_installed(fetch(engine_requirements(project, target), target, cache)),
    }


def operator_sources(project: Path) -> Files:
    """The operators and the helper library that they stand on."""
    return _deployed(project, "operators", "mediawright")


def helper(project: Path) -> Files:
    """The helper library with its old name over it, in the folder that Lambda puts on Python's path."""
    files = _deployed(project, "mediawright", "MediaInsightsEngineLambdaHelper")
    return {f"python/{name}": entry for name, entry in files.items()}


def operators(project: Path, target: Target, cache: Path) -> Files:
    """The operators with what all of them import. Raises NoWheels, NotLocked."""
    return {**operator_sources(project), **_installed(fetch(operator_requirements(project, target), target, cache))}


def layer(project: Path, given: Layer, target: Target, cache: Path) -> Files:
    """A layer's packages, in the folder that Lambda puts on Python's path. Raises NoWheels, NotLocked."""
    wheels = fetch(layer_requirements(project, [given], target), target, cache)
    return {f"python/{name}": entry for name, entry in _installed(wheels).items()}


def _deployed(project: Path, *folders: str) -> Files:
    """Source folders without what only laptops use."""
    files = {name: entry for folder in folders for name, entry in of_folder(project / folder, folder)}
    return {name: entry for name, entry in files.items() if not name.startswith(_LAPTOP_ONLY)}


def _installed(wheels: Iterable[Path]) -> Files:
    return {name: entry for wheel in wheels for name, entry in of_wheel(wheel)}

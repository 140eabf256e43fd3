"""Everything that this package offers to register: operations, and a workflow for each kind of file.

The documents beside the code are the source: `<folder>/operation.json` (one registration or a list of them),
`<folder>/configuration.schema.json` and `workflows.json`. The schemas of the media operations, which the API checks
too, are in `mediawright.media`. Nothing here imports an operator.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mediawright import media

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Registration:
    """An operation and the Lambda function behind it. Memory in MB, timeout in seconds."""

    name: str
    type: str
    description: str
    handler: str
    memory_size: int
    timeout: int
    configuration: dict[str, Any]
    configuration_schema: dict[str, Any]
    folder: str

    @property
    def function(self) -> str:
        """Registrations of one folder share a function; this is its name in CamelCase."""
        return camel_case(self.folder)


@dataclass(frozen=True)
class Stage:
    """A stage to create; `configuration` overrides single members of its operations' defaults."""

    name: str
    operations: tuple[str, ...]
    configuration: dict[str, dict[str, Any]]

    def document(self) -> dict[str, Any]:
        """Return the body of POST /workflow/stage."""
        body: dict[str, Any] = {"Name": self.name, "Operations": list(self.operations)}
        return body | ({"Configuration": self.configuration} if self.configuration else {})


@dataclass(frozen=True)
class Workflow:
    """A workflow to create, for one kind of file; its stages in running order."""

    media_type: str
    name: str
    stages: tuple[Stage, ...]

    def document(self) -> dict[str, Any]:
        """Return the body of POST /workflow."""
        names = [stage.name for stage in self.stages]
        following: list[dict[str, Any]] = [{"Next": name} for name in names[1:]]
        following.append({"End": True})
        return {"Name": self.name, "StartAt": names[0], "Stages": dict(zip(names, following, strict=True))}


def registrations() -> list[Registration]:
    """Return every operation of this package, in order of folder."""
    return [
        _registration(entry, path.parent)
        for path in sorted(FOLDER.glob("*/operation.json"))
        for entry in _listed(_parsed(path))
    ]


def workflows() -> dict[str, Workflow]:
    """Return the example workflow of each kind of file: Video, Audio, Image, Text."""
    return {
        media_type: Workflow(
            media_type,
            document["Name"],
            tuple(
                Stage(stage["Name"], tuple(stage["Operations"]), stage.get("Configuration", {}))
                for stage in document["Stages"]
            ),
        )
        for media_type, document in _parsed(FOLDER / "workflows.json").items()
    }


def singles() -> list[Workflow]:
    """Return a workflow `Run<Name>` for each media operation, of the stage `_<Name>` that its registration makes."""
    return [
        Workflow(entry.configuration["MediaType"], f"Run{entry.name}", (Stage(f"_{entry.name}", (entry.name,), {}),))
        for entry in registrations()
        if entry.function in media.NAMES
    ]


def _schema(folder: Path) -> dict[str, Any]:
    name = camel_case(folder.name)
    if name in media.NAMES:
        return media.configuration_schema(name)
    schema: dict[str, Any] = _parsed(folder / "configuration.schema.json")
    return schema


def camel_case(folder: str) -> str:
    """Return a folder's name as its function has it: `image_convert` is `ImageConvert`."""
    return "".join(part.capitalize() for part in folder.split("_"))


def _registration(entry: dict[str, Any], folder: Path) -> Registration:
    return Registration(
        name=entry["Name"],
        type=entry["Type"],
        description=entry["Description"],
        handler=entry["Handler"],
        memory_size=entry["MemorySize"],
        timeout=entry["Timeout"],
        configuration=entry["Configuration"],
        configuration_schema=_schema(folder),
        folder=folder.name,
    )


def _listed(document: Any) -> list[dict[str, Any]]:
    return document if isinstance(document, list) else [document]


def _parsed(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))

"""The folder of a container image for operators that don't fit into archives, those that start ffmpeg above all."""

from __future__ import annotations

import shutil
from pathlib import Path

from infrastructure.package import contents
from infrastructure.package.target import Target
from infrastructure.template.layers import LAYERS

DOCKERFILE = Path("operators") / "Dockerfile"


def write(project: Path, folder: Path, target: Target) -> None:
    """Write the Dockerfile and all that it copies. Nothing when the project has no Dockerfile. Raises NotLocked."""
    if not (project / DOCKERFILE).exists():
        return
    for name, entry in contents.operator_sources(project).items():
        path = folder / "code" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(entry.content)
    shutil.copyfile(project / DOCKERFILE, folder / "Dockerfile")
    pins = contents.operator_requirements(project, target)
    pins += contents.layer_requirements(project, LAYERS.values(), target)
    (folder / "requirements.txt").write_text("\n".join(pins) + "\n", encoding="utf-8")

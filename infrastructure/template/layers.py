"""The layers that operators can ask for by name in `operation.json`: packages with native code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layer:
    """A Lambda layer of pinned packages."""

    name: str
    packages: tuple[str, ...]
    description: str

    @property
    def archive(self) -> str:
        """The archive's name, without its ending."""
        return f"layer-{self.name}"

    @property
    def logical_id(self) -> str:
        """Its name in the template."""
        return f"{self.name.capitalize()}Layer"


LAYERS = {
    layer.name: layer
    for layer in (
        Layer("pyav", ("av",), "PyAV: decodes, filters and encodes sound and pictures"),
        Layer("pillow", ("pillow",), "Pillow: still images"),
        Layer("mediainfo", ("pymediainfo",), "pymediainfo and libmediainfo: technical metadata"),
        # 173 MB unzipped: with PyAV more than the 250 MB that Lambda takes, so those two never go together.
        Layer("ffmpeg", ("imageio-ffmpeg",), "The ffmpeg program"),
    )
}

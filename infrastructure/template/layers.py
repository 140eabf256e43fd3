"""The layers that operators can ask for by name in `operation.json`: packages with native code."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

_KEEPS_ITS_MEMORY = {"MALLOC_MMAP_MAX_": "0", "MALLOC_TRIM_THRESHOLD_": str(256 * 2**20)}
"""A photo's pixels are allocated and freed several times. glibc would give such blocks back to the kernel and get
them anew, each page cleared: a tenth of the time. Now it keeps what was freed, at the end of its heap up to 256 MiB,
as much as a photo of 12 megapixels needs. A function's peak stays the same."""


@dataclass(frozen=True)
class Layer:
    """A Lambda layer of pinned packages; `environment` are the variables of the functions that ask for it."""

    name: str
    packages: tuple[str, ...]
    description: str
    environment: Mapping[str, str] = field(default_factory=dict)

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
        Layer("pillow", ("pillow",), "Pillow: still images", _KEEPS_ITS_MEMORY),
        Layer("mediainfo", ("pymediainfo",), "pymediainfo and libmediainfo: technical metadata"),
        # 173 MB unzipped: with PyAV more than the 250 MB that Lambda takes, so those two never go together.
        Layer("ffmpeg", ("imageio-ffmpeg",), "The ffmpeg program"),
    )
}

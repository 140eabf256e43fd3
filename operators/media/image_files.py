"""Pictures to be made into other files: read whole, stills and animations alike, and written and checked."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from PIL import ExifTags, Image, ImageCms, ImageSequence

from mediawright import InvalidInput
from mediawright.media import formats
from mediawright.media.rules import MAX_PIXELS
from operators.media import pictures
from operators.media.deadline import Deadline

MAX_ANIMATION_PIXELS = 2 * MAX_PIXELS
"""Of all the frames together: they are held at once."""
MAX_FRAMES = 2000
_ANIMATIONS = ("AVIF", "GIF", "PNG", "WEBP")
"""Pillow's names of the formats whose further pictures are an animation, and not pages or sizes."""
_PILLOW = {
    "png": "PNG", "jpg": "JPEG", "gif": "GIF", "bmp": "BMP", "tiff": "TIFF", "webp": "WEBP", "avif": "AVIF",
}  # fmt: skip
_WITH_PROFILE = ("png", "jpg", "tiff", "webp", "avif")
_MOST_EXIF_OF_JPEG = 65_533
_FALLBACK_MILLISECONDS = 100
_LONGEST_MILLISECONDS = 65_535
"""For one picture, in PNG."""


@dataclass(frozen=True)
class Pictures:
    """A still or the frames of an animation: upright, L, RGB or RGBA, without anything but their pixels.

    `milliseconds` is how long each frame is shown; `loop` how often an animation is played, 0 for ever.
    """

    frames: tuple[Image.Image, ...]
    milliseconds: tuple[int, ...]
    loop: int
    profile: bytes | None
    exif: bytes | None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self.frames[0].size

    def changed(self, change: Callable[[Image.Image], Image.Image]) -> Pictures:
        """Return the same with every frame changed in the same way."""
        return replace(self, frames=tuple(map(change, self.frames)))


@dataclass(frozen=True)
class Writing:
    """How a file is written; the names of the parameters say what they mean."""

    kind: str
    quality: int
    background: str
    lossless: bool = False
    keep_metadata: bool = False

    @classmethod
    def of(cls, parameters: dict[str, Any]) -> Writing:
        """Out of an operation's parameters."""
        return cls(
            formats.ending(parameters["OutputFormat"]),
            parameters["Quality"],
            parameters.get("Background", "#ffffff"),
            parameters.get("Lossless", False),
            parameters.get("KeepMetadata", False),
        )


def read(path: Path, deadline: Deadline, *, animated: bool) -> Pictures:
    """Read a picture, with all frames when it is an animation and `animated`. Raises InvalidInput."""
    frames: list[Image.Image] = []
    shown: list[int] = []
    exif: bytes | None = None
    with pictures.opened(path) as image:
        profile, loop = image.info.get("icc_profile"), _plays(image)
        keeps_profile = image.mode in ("RGB", "RGBA", "P")
        for frame in _chosen(image, animated):
            deadline.check()
            upright = pictures.decoded(frame)
            exif = exif or _exif(upright)
            frames.append(_pixels(upright, profile))
            shown.append(min(round(frame.info.get("duration", 0)) or _FALLBACK_MILLISECONDS, _LONGEST_MILLISECONDS))
    return Pictures(tuple(frames), tuple(shown), loop, profile if keeps_profile else None, exif)


def _chosen(image: Image.Image, animated: bool) -> Iterator[Image.Image]:
    """The frames to read; counted, and their pixels, before the second is decoded."""
    count = pictures.count(image) if animated and image.format in _ANIMATIONS else 1
    if count == 1:
        yield image
        return
    size = image.size
    demand_bounded(count, size)
    for frame in pictures.guarded(ImageSequence.Iterator(image)):
        if frame.size != size:
            # what was counted would not hold: a GIF grows with a picture that lies beyond its edge
            raise InvalidInput(f"the animation changes its size from {size} to {frame.size}")
        yield frame


def demand_bounded(count: int, size: tuple[int, int]) -> None:
    """Raise InvalidInput for an animation of so many pictures of a size when that is more than is held at once."""
    if count > MAX_FRAMES or (count > 1 and count * size[0] * size[1] > MAX_ANIMATION_PIXELS):
        raise InvalidInput(
            f"an animation of {count} pictures of {size[0]} x {size[1]} is more than the {MAX_FRAMES}"
            f" pictures or {MAX_ANIMATION_PIXELS} pixels allowed"
        )


def _plays(image: Image.Image) -> int:
    """GIF alone counts the repetitions after the first showing, and says nothing when there is none."""
    loop = image.info.get("loop")
    if image.format != "GIF":
        return int(loop or 0)
    return 1 if loop is None else 0 if loop == 0 else int(loop) + 1


def _pixels(upright: Image.Image, profile: bytes | None) -> Image.Image:
    """The pixels alone, in the modes that all formats take. Takes the rest from `upright`, when it is one of them."""
    try:
        image = _from_cmyk(upright, profile) if upright.mode == "CMYK" else pictures.plain(upright)
    except ValueError as fault:
        raise InvalidInput(f"pictures of the colour space {upright.mode} cannot be converted") from fault
    image.info = {}
    return image


def _from_cmyk(image: Image.Image, profile: bytes | None) -> Image.Image:
    """Printing colours as screens show them, by the file's own profile where it has a sound one."""
    if profile is None:
        return image.convert("RGB")
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(image, source, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        # a broken or foreign profile says nothing: as if there were none
        return image.convert("RGB")
    return converted if converted is not None else image.convert("RGB")


def _exif(upright: Image.Image) -> bytes | None:
    """What the camera noted, without the orientation, which has been applied."""
    try:
        exif = upright.getexif()
        exif.pop(ExifTags.Base.Orientation, None)
        return exif.tobytes() if len(exif) else None
    except pictures.FAULTS:
        # notes that are broken say nothing, as a broken profile does
        return None


def write(given: Pictures, directory: Path, writing: Writing, deadline: Deadline) -> tuple[Path, dict[str, Any]]:
    """Write the file, read it back and return its path and facts.

    Raises InvalidInput for a picture that the format cannot hold, RuntimeError when what was written is not it.
    """
    kind = formats.IMAGES[writing.kind]
    if max(given.size) > kind.longest_side:
        raise InvalidInput(f"{writing.kind} pictures have at most {kind.longest_side} pixels a side")
    if not kind.alpha:
        given = given.changed(lambda frame: pictures.flattened(frame, writing.background))
    frames = given.frames if kind.animation else given.frames[:1]
    path = directory / f"image.{writing.kind}"
    options = _options(given, writing, len(frames) > 1)
    frames[0].save(path, _PILLOW[writing.kind], append_images=frames[1:], save_all=len(frames) > 1, **options)
    deadline.check()
    return path, _read_back(path, writing.kind, given.size, len(frames))


def _options(given: Pictures, writing: Writing, animated: bool) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if writing.kind in ("jpg", "webp", "avif"):
        options["quality"] = max(1, writing.quality) if writing.kind == "jpg" else writing.quality
    if writing.kind == "webp" and writing.lossless:
        # exact keeps the colours where all is transparent
        options |= {"lossless": True, "exact": True}
    if writing.kind == "tiff":
        options["compression"] = "tiff_lzw"
    if writing.kind in _WITH_PROFILE and given.profile:
        options["icc_profile"] = given.profile
    if writing.keep_metadata and given.exif and _holds(writing.kind, given.exif):
        options["exif"] = given.exif
    if animated:
        options |= {"duration": list(given.milliseconds), **_loop(writing.kind, given.loop)}
    return options


def _holds(kind: str, exif: bytes) -> bool:
    """Whether a format takes what the camera noted; JPEG has one marker for all of it."""
    return kind in _WITH_PROFILE and (kind != "jpg" or len(exif) <= _MOST_EXIF_OF_JPEG)


def _loop(kind: str, plays: int) -> dict[str, int]:
    if kind == "gif":
        return {"disposal": 2} if plays == 1 else {"disposal": 2, "loop": max(0, plays - 1)}
    return {} if kind == "avif" else {"loop": plays}


def _read_back(path: Path, kind: str, size: tuple[int, int], frames: int) -> dict[str, Any]:
    with Image.open(path, formats=[_PILLOW[kind]]) as image:
        found = getattr(image, "n_frames", 1)
        if image.size != size or found > frames:
            raise RuntimeError(f"the {kind} written has {found} pictures of {image.size}, not {frames} of {size}")
        alpha = pictures.has_alpha(image)
        # equal frames that follow each other are written as one that is shown longer
        for number in range(found):
            image.seek(number)
            image.load()
    return {
        "Format": kind,
        "ContentType": formats.IMAGES[kind].content_type,
        "Width": size[0],
        "Height": size[1],
        "Frames": found,
        "HasAlpha": alpha,
    }

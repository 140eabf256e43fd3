"""`mediawright convert`, `resize`, `trim` and `thumbnail`: a media operation done for files here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from mediawright.cli import conversions
from mediawright.cli.media_types import media_type
from mediawright.cli.session import current
from mediawright.client.conversion import Work
from mediawright.media import formats
from mediawright.media.codecs import CONTAINERS

In = Annotated[str, typer.Argument(metavar="IN", help="A file, a folder, or a pattern in quotes.")]
OneIn = Annotated[Path, typer.Argument(metavar="IN", exists=True, dir_okay=False, readable=True)]
Out = Annotated[Path, typer.Argument(metavar="OUT", help="What to make; a folder of many files, or with --to.")]
To = Annotated[str | None, typer.Option("--to", help="The format; the ending of OUT tells it otherwise.")]
Parallel = Annotated[int, typer.Option(min=1, max=32, help="How many of many files at a time.")]
Quality = Annotated[int | None, typer.Option(min=0, max=100, help="Of jpg, webp, avif: higher is better.")]
Background = Annotated[str | None, typer.Option(help="#rrggbb, where the format can't be transparent.")]


def convert(
    ctx: typer.Context,
    source: In,
    target: Out,
    to: To = None,
    quality: Quality = None,
    lossless: Annotated[bool, typer.Option("--lossless", help="Keep every pixel (webp).")] = False,
    background: Background = None,
    keep_metadata: Annotated[bool, typer.Option("--keep-metadata", help="Keep what the camera noted.")] = False,
    codec: Annotated[str | None, typer.Option(help="h264, h265, vp9 or av1.")] = None,
    crf: Annotated[int | None, typer.Option(min=0, max=63, help="Of videos: lower is better.")] = None,
    preset: Annotated[str | None, typer.Option(help="ultrafast to veryslow.")] = None,
    bit_rate: Annotated[int | None, typer.Option(min=32, max=320, help="Of sound, in kilobits.")] = None,
    normalize: Annotated[bool, typer.Option("--normalize", help="Of sound: as loud as others.")] = False,
    parallel: Parallel = 4,
) -> None:
    """Make another format of pictures, videos or sound; the ending of OUT tells which."""
    picture = {"Quality": quality, "Lossless": lossless, "Background": background, "KeepMetadata": keep_metadata}
    video = {"Codec": codec, "Crf": crf, "Preset": preset}
    sound = {"BitRate": bit_rate, "Normalize": normalize}

    def plan(file: Path, ending: str) -> Work:
        return _conversion(file, ending, {"Image": picture, "Video": video, "Audio": sound})

    wanted = conversions.wanted(source, target, to, plan)
    conversions.make(current(ctx), wanted, parallel)


def _conversion(file: Path, ending: str, options: dict[str, dict[str, Any]]) -> Work:
    """The operation that makes a format out of a file; options of other kinds of media are refused."""
    kind = media_type(file)
    made = "Image" if ending in formats.IMAGES else "Video" if ending in CONTAINERS else "Audio"
    if made == "Audio" and ending not in formats.AUDIO:
        raise typer.BadParameter(f"there is no format {ending!r}")
    if kind != made and not (made == "Audio" and kind == "Video"):
        hint = ": mediawright thumbnail takes a picture out of a video" if (kind, made) == ("Video", "Image") else ""
        raise typer.BadParameter(f"{ending} can't be made of {file.name}{hint}")
    given = {name: value for group in options for name, value in options[group].items() if value and group != made}
    if given:
        raise typer.BadParameter(f"{', '.join(sorted(given))}: not for {ending}")
    return Work(f"{made}Convert", str(kind), made, _given(OutputFormat=ending, **options[made]))


def _given(**parameters: Any) -> dict[str, Any]:
    """The parameters that were given: what is absent has its default where it is done."""
    return {name: value for name, value in parameters.items() if value is not None and value is not False}


def resize(
    ctx: typer.Context,
    source: In,
    target: Out,
    width: Annotated[int | None, typer.Option(min=1, max=16383, help="Pixels.")] = None,
    height: Annotated[int | None, typer.Option(min=1, max=16383, help="Pixels.")] = None,
    fit: Annotated[str | None, typer.Option(help="Of pictures: cover, contain, fill or pad.")] = None,
    stretch: Annotated[bool, typer.Option("--stretch", help="Of videos: don't keep the shape.")] = False,
    quality: Quality = None,
    background: Background = None,
    to: To = None,
    parallel: Parallel = 4,
) -> None:
    """Make another size of pictures or videos; the side that isn't given follows the shape."""
    if width is None and height is None:
        raise typer.BadParameter("give --width, --height or both")
    box = {"Width": width, "Height": height}

    def plan(file: Path, ending: str) -> Work:
        if media_type(file) == "Video":
            _demand_video(file, ending)
            return Work("VideoResize", "Video", "Video", {**_given(**box), "KeepAspect": not stretch})
        if ending not in formats.IMAGES:
            raise typer.BadParameter(f"{ending} can't be made of {file.name}")
        return Work(
            "ImageResize",
            "Image",
            "Image",
            _given(**box, Fit=fit, OutputFormat=ending, Quality=quality, Background=background),
        )

    wanted = conversions.wanted(source, target, to, plan)
    conversions.make(current(ctx), wanted, parallel)


def trim(
    ctx: typer.Context,
    source: OneIn,
    target: Out,
    start: Annotated[str, typer.Option(help="Seconds, or [HH:]MM:SS.")] = "0",
    end: Annotated[str | None, typer.Option(help="The same; the video's end unless given.")] = None,
    copy: Annotated[bool, typer.Option("--copy", help="Quicker: begin at the key frame before.")] = False,
) -> None:
    """Make a part of a video, cut at the frame."""

    def plan(file: Path, ending: str) -> Work:
        _demand_video(file, ending)
        mode = "copy" if copy else "accurate"
        return Work("VideoTrim", "Video", "Video", _given(StartTime=start, EndTime=end, Mode=mode))

    conversions.make(current(ctx), conversions.wanted(str(source), target, None, plan), 1)


def thumbnail(
    ctx: typer.Context,
    source: OneIn,
    target: Out,
    at: Annotated[str, typer.Option(help="Seconds, or [HH:]MM:SS.")] = "1",
    quality: Quality = None,
) -> None:
    """Make a picture of what a video shows at a time."""

    def plan(file: Path, ending: str) -> Work:
        if ending not in formats.IMAGES:
            raise typer.BadParameter(f"{ending} can't be made of {file.name}: it is no format of a picture")
        return Work("VideoThumbnail", "Video", "Image", _given(Timestamp=at, OutputFormat=ending, Quality=quality))

    conversions.make(current(ctx), conversions.wanted(str(source), target, None, plan), 1)


def _demand_video(file: Path, ending: str) -> None:
    """A video keeps its kind: webm and mkv stay what they are, all else becomes mp4."""
    own = file.suffix.lower().lstrip(".")
    kept = own if own in ("webm", "mkv") else "mp4"
    if ending != kept:
        raise typer.BadParameter(
            f"of {file.name} a {kept} file is made, not {ending}; mediawright convert changes it"
        )


def add_to(app: typer.Typer) -> None:
    """Add the commands."""
    for command, example in (
        (convert, "convert photo.tiff photo.webp --quality 70\n\nmediawright convert photos small --to avif"),
        (resize, "resize photo.jpg small.webp --width 500 --height 500 --fit contain"),
        (trim, "trim clip.mp4 part.mp4 --start 00:00:01 --end 2.5"),
        (thumbnail, "thumbnail clip.mp4 still.jpg --at 1"),
    ):
        title = "Examples" if "\n" in example else "Example"
        separator = "\n\n" if "\n" in example else " "
        app.command(epilog=f"{title}:{separator}mediawright {example}")(command)

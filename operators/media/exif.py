"""What a camera wrote into a picture, as JSON."""

from __future__ import annotations

import math
from typing import Any

from PIL import ExifTags, Image

LONGEST_TEXT = 500
_FOLDERS = (ExifTags.IFD.Exif,)
_UNTOLD = frozenset({"ExifOffset", "GPSInfo", "MakerNote", "PrintImageMatching", "XMLPacket", "ImageResources"})


def tags(image: Image.Image) -> dict[str, Any]:
    """Return the EXIF tags by name, without the place, thumbnails and what only the maker understands."""
    try:
        exif = image.getexif()
        folders = [exif, *(exif.get_ifd(folder) for folder in _FOLDERS)]
    except (OSError, SyntaxError, ValueError, KeyError, TypeError):
        return {}
    named = {ExifTags.TAGS.get(tag, f"Tag{tag}"): fact for folder in folders for tag, fact in folder.items()}
    told = {name: _json(fact) for name, fact in named.items() if name not in _UNTOLD}
    return {name: fact for name, fact in sorted(told.items()) if fact is not None}


def location(image: Image.Image) -> dict[str, float] | None:
    """Return where the picture was taken, in degrees, when the camera wrote it down."""
    try:
        place = image.getexif().get_ifd(ExifTags.IFD.GPSInfo)
        latitude = _degrees(place[ExifTags.GPS.GPSLatitude], place[ExifTags.GPS.GPSLatitudeRef] == "S")
        longitude = _degrees(place[ExifTags.GPS.GPSLongitude], place[ExifTags.GPS.GPSLongitudeRef] == "W")
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, ZeroDivisionError):
        return None
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return None
    return {"Latitude": latitude, "Longitude": longitude}


def _degrees(parts: Any, negative: bool) -> float:
    degrees, minutes, seconds = (float(part) for part in parts)
    value = degrees + minutes / 60 + seconds / 3600
    return round(-value if negative else value, 7)


def _json(fact: Any) -> Any:
    """None for what has no sensible form; rationals become floats, a rational over 0 has none."""
    if isinstance(fact, bytes):
        return _text(fact.decode("ascii", "replace")) if len(fact) <= LONGEST_TEXT else None
    if isinstance(fact, str):
        return _text(fact)
    if isinstance(fact, tuple | list):
        members = [_json(member) for member in fact[:32]]
        return None if None in members else members
    if isinstance(fact, int):
        return fact
    try:
        number = float(fact)
    except (TypeError, ValueError, ZeroDivisionError):
        return None
    return number if math.isfinite(number) else None


def _text(text: str) -> str | None:
    text = text.split("\0")[0].strip()[:LONGEST_TEXT]
    return text if text and text.isprintable() and "\ufffd" not in text else None

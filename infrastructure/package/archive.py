"""Archives that are the same bytes whenever they are made from the same files."""

from __future__ import annotations

import hashlib
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

_MOMENT = (1980, 1, 1, 0, 0, 0)
_UNIX = 3
_LEVEL = 6
_SCHEMES = ("purelib/", "platlib/")


@dataclass(frozen=True)
class Entry:
    """A file of an archive."""

    content: bytes
    executable: bool = False


Entries = Mapping[str, Entry]


@dataclass(frozen=True)
class Archive:
    """An archive that was written. Sizes in bytes."""

    path: Path
    sha256: str
    size: int
    unzipped: int


def write(path: Path, entries: Entries) -> Archive:
    """Write a zip archive: names in order, one moment for all, modes 0644 or 0755."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=_LEVEL) as archive:
        for name in sorted(entries):
            archive.writestr(_info(name, entries[name]), entries[name].content, compresslevel=_LEVEL)
    unzipped = sum(len(entry.content) for entry in entries.values())
    return Archive(path, digest(path), path.stat().st_size, unzipped)


def digest(path: Path) -> str:
    """The SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _info(name: str, entry: Entry) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _MOMENT)
    info.create_system = _UNIX
    info.compress_type = zipfile.ZIP_DEFLATED
    info.external_attr = (stat.S_IFREG | (0o755 if entry.executable else 0o644)) << 16
    return info


def of_wheel(path: Path) -> Iterator[tuple[str, Entry]]:
    """The files of a wheel as they lie when installed, without its scripts (a Lambda runs none)."""
    with zipfile.ZipFile(path) as wheel:
        for info in wheel.infolist():
            name = _installed(info.filename)
            if name and not info.is_dir():
                yield name, Entry(wheel.read(info), bool(info.external_attr >> 16 & stat.S_IXUSR))


def _installed(name: str) -> str | None:
    """Where a wheel's file goes; None for a script or a header."""
    top, _, rest = name.partition("/")
    if not top.endswith(".data"):
        return name
    return next((rest.removeprefix(scheme) for scheme in _SCHEMES if rest.startswith(scheme)), None)


def of_folder(folder: Path, prefix: str) -> Iterator[tuple[str, Entry]]:
    """The files of a source folder under a prefix: nothing compiled, nothing hidden."""
    for path in sorted(folder.rglob("*")):
        relative = path.relative_to(folder)
        hidden = any(part.startswith(".") or part == "__pycache__" for part in relative.parts)
        if path.is_file() and not hidden and path.suffix != ".pyc":
            yield f"{prefix}/{relative.as_posix()}", Entry(path.read_bytes())

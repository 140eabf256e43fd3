"""Where the code of functions lies: archives unpacked once, or folders of the working tree."""

from __future__ import annotations

import io
import shutil
import stat
import tempfile
import threading
import zipfile
from pathlib import Path


class CodeStore:
    """Unpacks archives by the digest of their bytes; thread-safe."""

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="lambda-code-"))
        self._lock = threading.Lock()
        self._folders: dict[str, Path] = {}

    def register(self, function_name: str, directory: Path) -> None:
        """Take a function's code from a folder instead of an archive."""
        self._folders[function_name] = directory.resolve()

    def registered(self, function_name: str) -> Path | None:
        """The folder of a function, if one was registered."""
        return self._folders.get(function_name)

    def directory(self, function_name: str, digest: str, archive: bytes) -> Path:
        """The folder to run a function in; raises zipfile.BadZipFile."""
        folder = self._folders.get(function_name)
        if folder:
            return folder
        target = self.root / f"{function_name}-{digest[:16]}"
        with self._lock:
            if not target.exists():
                _unpack(archive, target)
        return target

    def forget(self, function_name: str) -> None:
        """Delete what was unpacked for a function."""
        with self._lock:
            for path in self.root.glob(f"{function_name}-" + "[0-9a-f]" * 16):
                shutil.rmtree(path, ignore_errors=True)

    def remove(self) -> None:
        """Delete everything unpacked."""
        shutil.rmtree(self.root, ignore_errors=True)


def _unpack(archive: bytes, target: Path) -> None:
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with zipfile.ZipFile(io.BytesIO(archive)) as opened:
        for entry in opened.infolist():
            path = Path(opened.extract(entry, partial))
            mode = stat.S_IMODE(entry.external_attr >> 16)
            if mode and not entry.is_dir():
                path.chmod(mode | stat.S_IRUSR | stat.S_IWUSR)
    partial.mkdir(parents=True, exist_ok=True)
    partial.rename(target)


def is_archive(data: bytes) -> bool:
    """Whether these bytes are a zip archive."""
    return zipfile.is_zipfile(io.BytesIO(data))


def placeholder() -> bytes:
    """An archive for functions whose code lies elsewhere."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("README", "The code is a folder of the working tree.\n")
    return buffer.getvalue()

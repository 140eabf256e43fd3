"""Files to and from the stack's bucket, in pieces: a file of any size takes no more memory than a small one."""

from __future__ import annotations

import os
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import IO

import httpx

from mediawright.client.data import DataRoutes
from mediawright.client.transport import api_error
from mediawright.errors import ApiError, ConnectionFailed, InvalidArgument

MAX_UPLOAD_BYTES = 5_368_709_120
"""What one presigned form takes (S3's limit of a POST)."""

Progress = Callable[[int, int], None]
"""Told the bytes moved so far and the bytes in all (0 when unknown)."""

_XML_MEMBER = re.compile(r"<(Code|Message|RequestId)>([^<]*)</")


class FileRoutes(DataRoutes):
    """Uploads and downloads through presigned URLs. Raises ApiError, ConnectionFailed and OSError."""

    _bucket: str | None = None

    def bucket(self) -> str:
        """Return the name of the stack's data bucket."""
        if self._bucket is None:
            # any ids will do: the answer's bucket is always the stack's
            self._bucket = self.media_path("upload", "upload")["S3Bucket"]
        return self._bucket

    def upload(
        self,
        path: str | os.PathLike[str],
        key: str | None = None,
        *,
        bucket: str | None = None,
        on_progress: Progress | None = None,
    ) -> tuple[str, str]:
        """Put a file into the stack's bucket, under `upload/` unless a key is given; return its bucket and key."""
        source = Path(path)
        size = source.stat().st_size
        if size > MAX_UPLOAD_BYTES:
            raise InvalidArgument(f"{source} has {size} bytes; one upload may have {MAX_UPLOAD_BYTES}")
        bucket = bucket or self.bucket()
        key = key or f"upload/{uuid.uuid4()}/{source.name}"
        form = self.presign_upload(bucket, key)
        with source.open("rb") as file:
            body = _Counted(file, size, on_progress)
            self._to_s3(form["url"], form["fields"], source.name, body)
        return bucket, key

    def download(
        self,
        bucket: str,
        key: str,
        path: str | os.PathLike[str],
        *,
        on_progress: Progress | None = None,
    ) -> Path:
        """Fetch an object into a file, which appears only when it is complete, and return its path."""
        target = Path(path)
        part = target.with_name(f"{target.name}.{uuid.uuid4().hex[:8]}.part")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._from_s3(self.presign_download(bucket, key), part, on_progress)
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
        return target

    def _to_s3(self, url: str, fields: dict[str, str], name: str, body: _Counted) -> None:
        try:
            # the form's last field must be the file
            answer = self._bare_http.post(url, data=fields, files={"file": (name, body)})  # type: ignore[dict-item]
        except httpx.TransportError as error:
            raise _cut_off(url, error) from error
        if answer.status_code >= 300:
            raise _s3_error(answer)

    def _from_s3(self, url: str, part: Path, on_progress: Progress | None) -> None:
        try:
            as_it_is = {"Accept-Encoding": "identity"}
            with self._bare_http.stream("GET", url, headers=as_it_is) as answer, part.open("wb") as file:
                if answer.status_code >= 300:
                    answer.read()
                    raise _s3_error(answer)
                total = int(answer.headers.get("content-length", 0))
                for piece in answer.iter_raw(1 << 16):
                    file.write(piece)
                    if on_progress is not None:
                        on_progress(file.tell(), total)
        except httpx.TransportError as error:
            raise _cut_off(url, error) from error


class _Counted:
    """A file that tells how far it has been read."""

    def __init__(self, file: IO[bytes], size: int, on_progress: Progress | None) -> None:
        self._file = file
        self._size = size
        self._on_progress = on_progress

    def read(self, size: int = -1) -> bytes:
        piece = self._file.read(size)
        if self._on_progress is not None:
            self._on_progress(self._file.tell(), self._size)
        return piece

    def seek(self, offset: int, whence: int = 0) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()


def _s3_error(answer: httpx.Response) -> ApiError:
    told = dict(_XML_MEMBER.findall(answer.text[:10_000]))
    if "Code" not in told:
        return api_error(answer)
    return ApiError(answer.status_code, told["Code"], told.get("Message", ""), told.get("RequestId", ""))


def _cut_off(url: str, error: httpx.TransportError) -> ConnectionFailed:
    # a presigned URL is a secret: only its host is told
    return ConnectionFailed(f"the transfer with {httpx.URL(url).host} failed: {str(error) or type(error).__name__}")

"""What a job works on: found, allowed to its user, and judged by size and first bytes before anything is queued."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.assets import store as assets
from chalicelib.aws.settings import settings
from chalicelib.jobs import bucket, signatures, uploads
from chalicelib.jobs.errors import ForeignMedia, MissingUpload, TooLargeFile, UnfitContent
from chalicelib.jobs.kinds import AUDIO, IMAGE, VIDEO, Kind
from chalicelib.jobs.signatures import HEAD_BYTES, Content
from chalicelib.web.errors import BadRequestError, NotFoundError, shown
from chalicelib.web.forms import File

REQUEST_FILE_BYTES = 4 * 1024 * 1024
"""What a file in a request may have: a function takes 6 MB, into which a file goes as base64."""
_TAKEN = {IMAGE: (IMAGE,), VIDEO: (VIDEO,), AUDIO: (AUDIO, VIDEO)}
_KINDS = {
    IMAGE: "a JPEG, PNG, GIF, WebP, TIFF, BMP or AVIF picture",
    VIDEO: "an MP4, WebM, Matroska, QuickTime, AVI, MPEG, Ogg or 3GP video",
    AUDIO: "an MP3, AAC, M4A, Ogg, FLAC or WAV file, or a video",
}
_LONGEST_CHAIN = 20
"""How many jobs, each of what the one before it made, a file may be away from an upload."""
_FOREIGN = "S3Key: it is neither your own nor shared"


@dataclass(frozen=True)
class Source:
    """A file in S3, what its user calls it, and the asset that it belongs to already, if any."""

    bucket: str
    key: str
    name: str
    asset_id: str | None = None


@dataclass(frozen=True)
class Sent:
    """A file that came in the request, judged and not yet stored."""

    file: File
    content_type: str


def referred(user: str, kind: Kind, body: Mapping[str, Any]) -> Source:
    """The file that a request refers to by `upload_id`, `asset_id`, or `S3Bucket` and `S3Key`.

    Raises BadRequestError when it names none or several, NotFoundError, ForeignMedia, MissingUpload, TooLargeFile and
    UnfitContent.
    """
    source = _found(user, kind, body)
    beginning = bucket.beginning(source.bucket, source.key, HEAD_BYTES)
    if beginning is None:
        raise MissingUpload(f"There is nothing at {shown(source.name)} yet: upload the file first")
    if beginning.size > settings().max_upload_bytes:
        raise TooLargeFile(f"The file has {beginning.size} bytes; it may have {settings().max_upload_bytes}")
    _judged(kind, source.name, beginning.head)
    return source


def sent(kind: Kind, file: File) -> Sent:
    """A file that came along with the request; raises TooLargeFile, naming the way for larger ones, and
    UnfitContent."""
    if len(file.content) > REQUEST_FILE_BYTES:
        raise TooLargeFile(
            f"The file has {len(file.content)} bytes; a request takes {REQUEST_FILE_BYTES}: ask POST /v1/uploads for "
            "an upload, and send its upload_id in place of the file"
        )
    return Sent(file, _judged(kind, file.name, file.content[:HEAD_BYTES]).content_type)


def stored(user: str, given: Sent) -> Source:
    """Put a judged file into the bucket."""
    upload = uploads.store(user, given.file.name, given.file.content, given.content_type)
    return Source(settings().data_bucket, upload.key, given.file.name)


def _judged(kind: Kind, name: str, head: bytes) -> Content:
    found = signatures.content(head)
    if found is None or found.medium not in _TAKEN[kind.medium]:
        what = "empty" if not head else f"not {_KINDS[kind.medium]}, by its first bytes"
        raise UnfitContent(f"The file {shown(name)} is {what}")
    return found


def _found(user: str, kind: Kind, body: Mapping[str, Any]) -> Source:
    ways = [name for name in ("upload_id", "asset_id", "S3Bucket") if name in body]
    if len(ways) != 1 or ("S3Key" in body) != ("S3Bucket" in body):
        raise BadRequestError(
            "file: one of a file, upload_id, asset_id, or S3Bucket with S3Key is expected", ("file",)
        )
    if "upload_id" in body:
        upload = uploads.read(user, body["upload_id"])
        return Source(settings().data_bucket, upload.key, upload.filename or upload.id)
    if "asset_id" in body:
        return _of_asset(user, kind, body["asset_id"])
    return _at(user, body["S3Bucket"], body["S3Key"])


def _of_asset(user: str, kind: Kind, asset_id: str) -> Source:
    asset = assets.get_asset(asset_id)
    if asset is None:
        raise NotFoundError(f"asset_id: there is no asset {shown(asset_id)}")
    _demand_own(user, asset.bucket, asset.key)
    # the sound of a video's asset is worked on as another asset: a run finds its asset's file under one medium alone
    same = asset.media_type == kind.medium
    return Source(asset.bucket, asset.key, _last(asset.key), asset_id if same else None)


def _at(user: str, where: str, key: str) -> Source:
    _demand_own(user, where, key)
    return Source(where, key, _last(key))


def _demand_own(user: str, where: str, key: str) -> None:
    """Raise ForeignMedia unless a file is the user's own or shared; what a job made is as its asset's file is, which
    may be made by a job, too."""
    for _ in range(_LONGEST_CHAIN):
        maker = _result_of(key) if where == settings().data_bucket else None
        if maker is None:
            return _demand_allowed(user, where, key)
        asset = assets.get_asset(maker)
        if asset is None:
            break
        where, key = asset.bucket, asset.key
    raise ForeignMedia(_FOREIGN)


def _result_of(key: str) -> str | None:
    """The asset under whose derived media a key lies."""
    parts = key.split("/")
    is_result = len(parts) > 5 and parts[:2] == ["private", "assets"] and parts[3] == "workflows"
    return parts[2] if is_result else None


def _demand_allowed(user: str, where: str, key: str) -> None:
    own = where == settings().data_bucket and key.startswith(bucket.prefix_of(user))
    shared = any(f"{where}/{key}".startswith(place) for place in settings().job_sources)
    if not own and not shared:
        raise ForeignMedia(_FOREIGN)


def _last(key: str) -> str:
    return key.rpartition("/")[2]

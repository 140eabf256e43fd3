"""One piece of work: what an operator is asked to do, and what it hands on."""

from __future__ import annotations

import mimetypes
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, TypedDict

from mediawright import aws, json_text
from mediawright.dataplane import DataPlane, StoragePath
from mediawright.errors import InvalidInput, OperatorError
from mediawright.progress import Progress

_KEY_PARTS = 4
"""An idempotency key is `<run>/<stage>/<operation>/<attempt>`."""


class MediaObject(TypedDict):
    """Where a media file lies."""

    S3Bucket: str
    S3Key: str


class Task:
    """What the engine asks of an operator, and the answer that is being built.

    `media` and `metadata` are what earlier stages made; `results` and `outputs` are this operation's own, and in the
    monitor of an asynchronous operation they hold what its start function put there. `idempotency_key` is the same
    when the same work is asked for again (Lambda may run a function twice), and another one in another attempt of the
    run; `token` is what a Callback operation is answered with, by whoever finishes the work.
    Raises InvalidInput when the event is not an operation's.
    """

    def __init__(self, event: Mapping[str, Any], context: Any = None, dataplane: DataPlane | None = None) -> None:
        self.name: str = _member(event, "Name", str)
        self.asset_id: str = _member(event, "AssetId", str)
        self.run_id: str = _member(event, "WorkflowExecutionId", str)
        self.input: dict[str, Any] = _member(event, "Input", dict)
        self.configuration: dict[str, Any] = _member(event, "Configuration", dict)
        self.status: str = _member(event, "Status", str)
        self.idempotency_key: str | None = event.get("IdempotencyKey")
        self.token: str | None = event.get("TaskToken")
        self.media: dict[str, MediaObject] = self.input.get("Media") or {}
        self.metadata: dict[str, Any] = self.input.get("MetaData") or {}
        self.results: dict[str, Any] = dict(event.get("MetaData") or {})
        self.outputs: dict[str, MediaObject] = dict(event.get("Media") or {})
        self._context = context
        self._dataplane = dataplane
        self._storage: StoragePath | None = None
        self._directory: Path | None = None
        self._progress: Progress | None = None

    @property
    def dataplane(self) -> DataPlane:
        """The data plane of the stack. Raises NotConfigured when the environment doesn't name it."""
        if self._dataplane is None:
            self._dataplane = DataPlane()
        return self._dataplane

    @property
    def directory(self) -> Path:
        """A directory for working files, removed when the operator has answered."""
        if self._directory is None:
            self._directory = Path(tempfile.mkdtemp(prefix="mediawright-"))
        return self._directory

    def remaining_seconds(self) -> float | None:
        """Return the time until Lambda ends the function, or None outside of Lambda."""
        if not hasattr(self._context, "get_remaining_time_in_millis"):
            return None
        return float(self._context.get_remaining_time_in_millis()) / 1000

    def add_metadata(self, *documents: Mapping[str, Any], **members: Any) -> None:
        """Hand small facts on to later stages. Raises InvalidOutput for what is not JSON.

        Everything that a run's operations hand on shares 180,000 bytes: larger results belong into the data plane.
        """
        for document in (*documents, members):
            json_text.check(dict(document), "MetaData")
            self.results.update(document)

    def add_media(self, media_type: str, bucket: str, key: str) -> None:
        """Hand a media file on to later stages; its type must be the only one of its kind in the stage."""
        self.outputs[media_type] = {"S3Bucket": bucket, "S3Key": key}

    def progress(self, percent: float) -> None:
        """Say how far the work is; call it as often as you like, it is told on at most every two seconds.

        Nothing is told outside of a run of this engine, which names the attempt in the event's `IdempotencyKey`.
        """
        if self._progress is None:
            self._progress = Progress(self._report_progress)
        self._progress.reached(percent)

    def _report_progress(self, percent: int) -> None:
        parts = (self.idempotency_key or "").split("/")
        if len(parts) == _KEY_PARTS and parts[-1].isdigit():
            self.dataplane.report_progress(self.run_id, parts[1], self.name, int(parts[-1]), percent)

    def complete(self) -> None:
        """Say that the work is done. An operator that isn't asynchronous says so by returning."""
        self.status = "Complete"

    def source(self, media_type: str | None = None) -> MediaObject:
        """Return the media to work on: of the given type, or of the configured `MediaType`.

        Raises InvalidInput when the run has none of that type.
        """
        wanted = media_type or str(self.configuration.get("MediaType", ""))
        found = self.media.get(wanted)
        if not isinstance(found, dict) or "S3Bucket" not in found or "S3Key" not in found:
            present = ", ".join(sorted(self.media)) or "none"
            raise InvalidInput(f"there is no media of type {wanted!r} to work on; present: {present}")
        return found

    def download(self, media_type: str | None = None, path: str | Path | None = None) -> Path:
        """Fetch a media file, into the working directory unless a path is given.

        Raises InvalidInput when the run has no media of that type, or the object is gone.
        """
        media = self.source(media_type)
        target = Path(path) if path is not None else self.directory / PurePosixPath(media["S3Key"]).name
        target.parent.mkdir(parents=True, exist_ok=True)
        from botocore.exceptions import ClientError

        try:
            aws.client("s3").download_file(media["S3Bucket"], media["S3Key"], str(target))
        except ClientError as error:
            raise _download_failure(error, media) from error
        return target

    def upload(self, path: str | Path, name: str | None = None, content_type: str | None = None) -> tuple[str, str]:
        """Put a file under the run's media path, in a folder of this operation's, and return its bucket and key.

        `name` may have folders of its own; the content type follows from its ending where none is given.
        Raises OperatorError for a name that leads out of the folder.
        """
        name = name if name is not None else Path(path).name
        if not name or any(part in ("", ".", "..") for part in name.split("/")):
            raise OperatorError(f"{name!r} is no name for a media file")
        if self._storage is None:
            self._storage = self.dataplane.generate_media_storage_path(self.asset_id, self.run_id)
        bucket, key = self._storage["S3Bucket"], f"{self._storage['S3Key']}{self.name}/{name}"
        content_type = content_type or mimetypes.guess_type(name)[0] or "application/octet-stream"
        aws.client("s3").upload_file(str(path), bucket, key, ExtraArgs={"ContentType": content_type})
        return bucket, key

    def store_metadata(self, results: Mapping[str, Any], operator_name: str | None = None) -> dict[str, Any]:
        """Keep results of up to 16 MiB of JSON text as this operation's metadata of the asset."""
        return self.dataplane.store_asset_metadata(self.asset_id, operator_name or self.name, self.run_id, results)

    def store_metadata_pages(
        self, pages: Iterable[Mapping[str, Any]], operator_name: str | None = None
    ) -> dict[str, Any]:
        """Keep a series of pages as this operation's metadata; it shows when the last one is stored.

        Raises OperatorError when there is no page at all.
        """
        name, pending = operator_name or self.name, iter(pages)
        page = next(pending, None)
        if page is None:
            raise OperatorError("there is no page to store")
        for following in pending:
            self.dataplane.store_asset_metadata(self.asset_id, name, self.run_id, page, paginate=True)
            page = following
        return self.dataplane.store_asset_metadata(self.asset_id, name, self.run_id, page, paginate=True, end=True)

    def output(self) -> dict[str, Any]:
        """Return the answer to the engine. Raises InvalidOutput for what is not JSON."""
        json_text.check(self.results, "MetaData")
        json_text.check(self.outputs, "Media")
        return {
            "Name": self.name,
            "AssetId": self.asset_id,
            "WorkflowExecutionId": self.run_id,
            "Input": self.input,
            "Configuration": self.configuration,
            "Status": self.status,
            "MetaData": self.results,
            "Media": self.outputs,
        }

    def close(self) -> None:
        """Remove the working directory."""
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None


def _member(event: Mapping[str, Any], name: str, kind: type) -> Any:
    if not isinstance(event, dict) or name not in event:
        raise InvalidInput(f"the event has no {name}: this function expects the event of an operation")
    value = event[name]
    if not isinstance(value, kind):
        raise InvalidInput(f"{name} of the event is of type {type(value).__name__}, not {kind.__name__}")
    return value


def _download_failure(error: Any, media: MediaObject) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    if code in ("404", "NoSuchKey", "NoSuchBucket", "NotFound"):
        return InvalidInput(f"s3://{media['S3Bucket']}/{media['S3Key']} does not exist")
    return OperatorError(f"s3://{media['S3Bucket']}/{media['S3Key']} cannot be read: {code}")

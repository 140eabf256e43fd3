"""Lets the embedded Transcribe tell where a vocabulary's file really lies: moto's addresses lead to AWS's own S3."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlsplit

import boto3
import moto.transcribe.models as moto_transcribe

_BACKEND: Any = moto_transcribe.TranscribeBackend


@cache
def install() -> None:
    """Answer presigned addresses at the embedded endpoint for files in its S3."""
    original = _BACKEND.get_vocabulary

    def get_vocabulary(self: Any, vocabulary_name: str) -> dict[str, Any]:
        found: dict[str, Any] = original(self, vocabulary_name)
        place = urlsplit(str(self.vocabularies[vocabulary_name].vocabulary_file_uri))
        if place.scheme == "s3":
            where = {"Bucket": place.netloc, "Key": place.path.lstrip("/")}
            found["DownloadUri"] = boto3.client("s3").generate_presigned_url("get_object", where)
        return found

    _BACKEND.get_vocabulary = get_vocabulary

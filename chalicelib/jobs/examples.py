"""Requests and answers as the API's description shows them."""

from __future__ import annotations

from typing import Any

JOB_ID = "5f2b9c1e-8a55-4a54-9d0b-4a4f4a0b9a10"
UPLOAD_ID = "8f6a2d0e-2b7c-4a4e-8f0f-6f1c2d3e4f50"
JOB = {
    "id": JOB_ID,
    "user_id": "0d9e6a4e-4a3c-4a57-9f4c-3f6a2f0f5c11",
    "status": "completed",
    "job_type": "image_convert_webp",
    "result_url": "https://a-bucket.s3.eu-central-1.amazonaws.com/private/assets/...",
    "result_expired": False,
    "progress": 100,
    "error": None,
    "created_at": "2026-11-21T04:05:06.000000Z",
    "updated_at": "2026-11-21T04:05:07.000000Z",
    "asset_id": "31d7c6f0-1d0c-4d6a-9d6a-0a4cbb0a8c11",
}
READ = {"success": True, "data": JOB, "message": ""}
LISTED = {"success": True, "data": {"items": [JOB], "total": 1, "page": 1, "page_size": 20}, "message": ""}
QUEUED = {"success": True, "data": {"job_id": JOB_ID, "status": "pending"}, "message": "Job queued"}
BATCH_QUEUED = {
    "success": True,
    "data": {"jobs": [{"job_id": JOB_ID, "filename": "photo.jpg", "status": "pending"}], "total": 1},
    "message": "1 jobs queued",
}
HEALTH = {
    "success": True,
    "data": {
        "database": "ok",
        "storage": "ok",
        "accounts": "ok",
        "operations": "ok",
        "encoding": "ok",
        "email": "not configured",
    },
    "message": "",
}
UPLOAD = {"filename": "clip.mov", "content_type": "video/quicktime", "size": 52428800}
GRANT = {
    "success": True,
    "data": {
        "upload_id": UPLOAD_ID,
        "url": "https://a-bucket.s3.eu-central-1.amazonaws.com/",
        "fields": {"key": f"private/uploads/.../{UPLOAD_ID}", "Content-Type": "video/quicktime", "policy": "eyJl..."},
        "expires_in": 3600,
        "max_bytes": 524288000,
    },
    "message": "",
}

COMPLETE = {"parts": [{"part_number": 1, "etag": '"5d41402abc4b2a76b9719d911017c592"'}]}
COMPLETED = {"success": True, "data": {"upload_id": UPLOAD_ID}, "message": ""}

_OF_KINDS: dict[str, dict[str, Any]] = {
    "image_convert_webp": {"quality": 80},
    "image_convert_avif": {"quality": 60},
    "image_convert_format": {"output_format": "png"},
    "image_resize": {"width": 800, "fit": "contain"},
    "video_convert": {"output_format": "webm"},
    "video_rotate": {"degrees": 90},
    "video_resize": {"width": 640},
    "video_trim": {"start_time": "00:00:01", "end_time": "00:00:05"},
    "video_thumbnail": {"timestamp": "00:00:01"},
    "audio_convert": {"output_format": "mp3", "normalize": True},
}


def of_kind(name: str) -> dict[str, Any]:
    """A request for a job."""
    return {"upload_id": UPLOAD_ID, **_OF_KINDS[name]}


def of_batch(name: str) -> dict[str, Any]:
    """A request for many jobs."""
    return {"upload_ids": [UPLOAD_ID], **_OF_KINDS[name]}

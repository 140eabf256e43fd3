"""What the API's description shows of each route."""

from __future__ import annotations

ASSET_ID = "0b4d6a0e-6a0c-4f5e-9c53-1f0f1f3c7a11"
_RUN_ID = "7f2c1a64-52fb-4b8e-8a6b-0a3f1be52d8e"
_BUCKET = "mediawright-data"
_PREFIX = f"private/assets/{ASSET_ID}/workflows/{_RUN_ID}/"

UPLOAD = {"S3Bucket": _BUCKET, "S3Key": "upload/clip.mp4"}
DOWNLOAD = {"S3Bucket": _BUCKET, "S3Key": f"{_PREFIX}contact-sheet.jpg"}
MEDIA_PATH = {"S3Bucket": _BUCKET, "S3Key": _PREFIX}
PRESIGNED_POST = {
    "url": f"https://{_BUCKET}.s3.amazonaws.com/",
    "fields": {
        "key": "upload/clip.mp4",
        "x-amz-algorithm": "AWS4-HMAC-SHA256",
        "x-amz-credential": "...",
        "x-amz-date": "20261121T040506Z",
        "policy": "...",
        "x-amz-signature": "...",
    },
}
PRESIGNED_URL = f"https://{_BUCKET}.s3.amazonaws.com/upload/clip.mp4?X-Amz-Algorithm=AWS4-HMAC-SHA256"

CREATE = {"Input": {"MediaType": "Video", "S3Bucket": _BUCKET, "S3Key": "upload/clip.mp4"}}
ASSET = {"AssetId": ASSET_ID, "MediaType": "Video", "S3Bucket": _BUCKET, "S3Key": "upload/clip.mp4"}

DOCUMENT_KEY = f"{_PREFIX}Mediainfo.json"
_RESULTS = {"tracks": [{"type": "Video", "frame_rate": 29.97}]}
METADATA = {"OperatorName": "Mediainfo", "WorkflowId": _RUN_ID, "Results": _RESULTS}
STORED = {"Status": "Success", "Bucket": _BUCKET, "Key": DOCUMENT_KEY}
ASSET_METADATA = {
    "asset_id": ASSET_ID,
    "results": {
        "MediaType": "Video",
        "S3Key": "upload/clip.mp4",
        "S3Bucket": _BUCKET,
        "Created": "1795233906.000007",
    },
    "cursor": "q1m...",
}
OPERATOR_METADATA = {"asset_id": ASSET_ID, "operator": "Mediainfo", "results": _RESULTS}

CHECKOUT = {"LockedBy": "Ada"}
LOCK = {"AssetId": ASSET_ID, "LockedBy": "Ada", "LockedAt": 1795233906}

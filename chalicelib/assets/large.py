"""Documents that are too large for one call travel through the bucket, under keys that it forgets after a day.

A Lambda function takes and answers 6 MB, of text that JSON escapes once more on the way. So a sender may ask for an
address, put its document there, and name the key in place of the results; and a reader of an answer that is too large
is sent to an address (303, as in RFC 9110) where the very answer lies.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any

from chalicelib.assets import bucket, store
from chalicelib.aws import clock
from chalicelib.aws.settings import settings
from chalicelib.web.errors import BadRequestError, TooLargeError
from chalicelib.web.room import Answer

ANSWER_BYTES = 6_291_456 - 16_384
"""What a body may take of an answer, as JSON spells it: Lambda's limit, less the answer's other members."""

DOCUMENT_BYTES = 16_777_216
"""What a document may have: to check it, the function holds it parsed, at up to twenty times its size."""

_LONGEST_ESCAPE = 6
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.json")
_JSON = {"Content-Type": "application/json"}


def grant(asset_id: str) -> dict[str, Any]:
    """Where a document of an asset may be put, within the hour. Raises NotFoundError."""
    if store.get_asset(asset_id) is None:
        raise store.unknown(asset_id)
    key = f"{_prefix(asset_id)}{clock.new_id()}.json"
    return {
        "Status": "Success",
        "Bucket": settings().data_bucket,
        "Key": key,
        "Url": bucket.presigned_put(settings().data_bucket, key),
    }


def received(asset_id: str, key: str) -> bytes:
    """The document that was put under a granted key. Raises BadRequestError, TooLargeError."""
    if not key.startswith(_prefix(asset_id)) or not _ID.fullmatch(key[len(_prefix(asset_id)) :]):
        raise BadRequestError("ResultsKey: this is no key that was granted for the asset")
    document = bucket.get_bytes(key, DOCUMENT_BYTES)
    if document is None:
        raise BadRequestError("ResultsKey: there is no document under this key")
    if len(document) > DOCUMENT_BYTES:
        raise TooLargeError(
            f"Results: more than {DOCUMENT_BYTES} bytes, which is what a document may have; send them in pages"
        )
    return document


def answer(asset_id: str, text: str) -> Answer:
    """An answer of JSON text: itself, or where it is to be fetched."""
    if _fits(text):
        return Answer(text, _JSON)
    document = text.encode()
    key = f"{_prefix(asset_id)}{hashlib.sha256(document).hexdigest()}.json"
    bucket.put_document(key, document)
    url = bucket.presigned_get(settings().data_bucket, key)
    return Answer({"Location": url}, {"Location": url, "Cache-Control": "no-store"}, 303)


def _fits(text: str) -> bool:
    if len(text) * _LONGEST_ESCAPE <= ANSWER_BYTES:
        return True
    return len(json.dumps(text, ensure_ascii=False).encode()) <= ANSWER_BYTES


def _prefix(asset_id: str) -> str:
    return f"{bucket.PRIVATE}passing/{asset_id}/"

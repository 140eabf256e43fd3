"""How a receiver knows that a request is ours and recent: HMAC-SHA256 over `<timestamp>.<body>`."""

from __future__ import annotations

import hashlib
import hmac

EVENT_HEADER = "X-Mediawright-Event"
TIMESTAMP_HEADER = "X-Mediawright-Timestamp"
SIGNATURE_HEADER = "X-Mediawright-Signature"


def headers(secret: str, event_id: str, timestamp: int, body: str) -> dict[str, str]:
    """The headers of a request; the timestamp is in epoch seconds."""
    return {
        EVENT_HEADER: event_id,
        TIMESTAMP_HEADER: str(timestamp),
        SIGNATURE_HEADER: f"v1={_mac(secret, timestamp, body)}",
    }


def _mac(secret: str, timestamp: int, body: str) -> str:
    return hmac.new(secret.encode(), f"{timestamp}.{body}".encode(), hashlib.sha256).hexdigest()

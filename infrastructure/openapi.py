"""Writes docs/openapi.json from the declared routes, or with --check fails when the committed one is stale."""

from __future__ import annotations

import json
import sys
from pathlib import Path

COMMITTED = Path(__file__).resolve().parents[1] / "docs" / "openapi.json"


def generated() -> str:
    """The document as it is to be committed."""
    import app  # noqa: F401  mounting the rooms declares their routes
    from chalicelib.web import openapi

    return json.dumps(openapi.document(), indent=2) + "\n"


def main() -> int:
    """Exit status 1 when --check finds a difference."""
    text = generated()
    if "--check" not in sys.argv[1:]:
        COMMITTED.parent.mkdir(exist_ok=True)
        COMMITTED.write_text(text, encoding="utf-8")
        return 0
    if COMMITTED.read_text(encoding="utf-8") == text:
        print("docs/openapi.json is up to date")
        return 0
    print("docs/openapi.json is stale: run `make openapi` and commit it", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

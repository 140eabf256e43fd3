"""Writes docs/openapi.json from the declared routes, or with --check fails when the committed one is stale."""

from __future__ import annotations

import json
import sys

from infrastructure.committed import PROJECT, write_or_check

COMMITTED = PROJECT / "docs" / "openapi.json"


def generated() -> str:
    """The document as it is to be committed."""
    import app  # noqa: F401  mounting the rooms declares their routes
    from chalicelib.web import openapi

    return json.dumps(openapi.document(), indent=2) + "\n"


def main() -> int:
    """Exit status 1 when --check finds a difference."""
    return write_or_check(COMMITTED, generated(), "openapi")


if __name__ == "__main__":
    sys.exit(main())

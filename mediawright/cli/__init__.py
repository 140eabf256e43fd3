"""The command `mediawright`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command. Exits with 0 for success, 1 for a failed run or a refusal, 2 for bad usage."""
    try:
        from mediawright.cli.app import app
    except ModuleNotFoundError as error:
        sys.exit(f"mediawright: {error}; the command needs more than the helper: pip install 'mediawright[cli]'")
    app(prog_name="mediawright")

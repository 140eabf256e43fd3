"""`python -m infrastructure.guard TEMPLATE...`: checks expanded templates against cfn/rules.guard."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import cfn_guard_rs.api

RULES = Path(__file__).resolve().parents[1] / "cfn" / "rules.guard"

_GUARD: Any = cfn_guard_rs.api


def broken(template: str) -> Iterator[tuple[str, str]]:
    """The name of each rule that a template (JSON text) breaks, and what Guard says of it."""
    for name, rule in _rules():
        report = _GUARD.run_checks_rs(template, rule, False)
        if not _keeps(report):
            yield name, report


def _rules() -> Iterator[tuple[str, str]]:
    """Every rule by itself with what all share: a long report of several loses its beginning."""
    shared, *rules = re.split(r"^(?=rule )", RULES.read_text(encoding="utf-8"), flags=re.MULTILINE)
    for rule in rules:
        yield rule.split()[1], shared + rule


def _keeps(report: str) -> bool:
    """Whether a report says that its rule holds or has nothing to look at; one that is cut off is of a failure."""
    try:
        return json.loads(report)["status"] in ("PASS", "SKIP")
    except ValueError:
        return False


def main(paths: Sequence[str]) -> int:
    """Exit status 1 when a rule is broken."""
    status = 0
    for path in paths:
        found = list(broken(Path(path).read_text(encoding="utf-8")))
        for rule, why in found:
            print(f"{path} breaks {rule}: {why}", file=sys.stderr)
        status |= bool(found)
        print(f"{path} {'breaks' if found else 'keeps'} our rules")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

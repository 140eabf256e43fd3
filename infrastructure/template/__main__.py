"""`python -m infrastructure.template build --out DIR`: writes the templates, the core's in both forms."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from infrastructure.template.builder import TemplateError, build
from infrastructure.template.expand import expand
from infrastructure.template.operators import operator_library


def main(arguments: list[str] | None = None) -> int:
    """Write the three templates; exit status 1 when `app.py` and `cfn/` disagree."""
    parser = argparse.ArgumentParser(prog="python -m infrastructure.template")
    parser.add_argument("command", choices=["build"])
    parser.add_argument("--out", type=Path, required=True, help="the folder to write to")
    parser.add_argument("--project", type=Path, default=Path(__file__).resolve().parents[2])
    given = parser.parse_args(arguments)
    try:
        template = build(given.project)
    except TemplateError as error:
        print(error, file=sys.stderr)
        return 1
    given.out.mkdir(parents=True, exist_ok=True)
    templates = {
        "template.sam.json": template,
        "template.json": expand(template),
        "operators.json": operator_library(given.project),
    }
    for name, content in templates.items():
        text = json.dumps(content, indent=1, sort_keys=True)
        (given.out / name).write_text(text + "\n", encoding="utf-8")
        print(given.out / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())

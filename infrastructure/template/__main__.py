"""`python -m infrastructure.template build --out DIR`: writes the SAM template and its expanded form."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from infrastructure.template.builder import TemplateError, build
from infrastructure.template.expand import expand


def main(arguments: list[str] | None = None) -> int:
    """Write `template.sam.json` and `template.json`; exit status 1 when `app.py` and `cfn/` disagree."""
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
    for name, content in (("template.sam.json", template), ("template.json", expand(template))):
        text = json.dumps(content, indent=1, sort_keys=True)
        (given.out / name).write_text(text + "\n", encoding="utf-8")
        print(given.out / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())

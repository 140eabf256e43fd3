"""The template as CloudFormation itself runs it: SAM expanded, kept by content hash in `.build/`."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from infrastructure.template.builder import build
from infrastructure.template.fragments import Template


class _Region:
    """All that the translator asks of a session. It writes the Region into no resource."""

    region_name = "us-east-1"


def expand(template: Template) -> Template:
    """A SAM template as plain CloudFormation. Takes about half a second, most of it imports."""
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator
    from samtranslator.utils.py27hash_fix import to_py27_compatible_template, undo_mark_unicode_str_in_template

    source = json.loads(json.dumps(template))
    _name_deployments_by_content(source)
    to_py27_compatible_template(source, {})
    # The template names no managed policy, so the translator need not ask IAM for them.
    translated = Translator(None, Parser(), boto_session=_Region()).translate(
        source, parameter_values={}, get_managed_policy_map=dict
    )
    plain: Template = json.loads(json.dumps(undo_mark_unicode_str_in_template(translated)))
    return plain


def _name_deployments_by_content(source: Template) -> None:
    """AlwaysDeploy names a deployment by the second of time; here, the same template expands to the same."""
    for resource in source["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Api":
            resource["Properties"].pop("AlwaysDeploy", None)


def expanded(project: Path) -> Template:
    """The project's expanded template, from the cache when nothing that it is made of has changed."""
    kept = project / ".build" / f"template-{_digest(project)}.json"
    try:
        return json.loads(kept.read_text(encoding="utf-8"))  # type: ignore[no-any-return]
    except FileNotFoundError:
        template = expand(build(project))
    kept.parent.mkdir(exist_ok=True)
    for old in kept.parent.glob("template-*.json"):
        if old != kept:  # another process may have made it meanwhile
            old.unlink(missing_ok=True)
    with tempfile.NamedTemporaryFile("w", dir=kept.parent, suffix=".tmp", delete=False) as file:
        json.dump(template, file)
    os.replace(file.name, kept)  # whole or not at all: another process may be reading
    return template


def _digest(project: Path) -> str:
    digest = hashlib.sha256()
    packages = (importlib.metadata.version(name) for name in ("chalice", "aws-sam-translator"))
    digest.update(json.dumps([sys.version, *packages]).encode())
    for path in sorted(_sources(project)):
        content = path.read_bytes()
        digest.update(f"{path}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:24]


def _sources(project: Path) -> Iterator[Path]:
    """Every file that the template depends on: the app, `cfn/`, the operators and this package."""
    yield project / "app.py"
    yield project / ".chalice" / "config.json"
    yield from (project / "cfn").glob("*.yaml")
    yield from (project / "operators" / "media").glob("*/operation.json")
    yield from Path(__file__).parent.glob("*.py")
    for path in (project / "chalicelib").rglob("*"):
        if path.is_file() and "__pycache__" not in path.parts:
            yield path

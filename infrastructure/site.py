"""What MkDocs does besides at a build (`hooks` in mkdocs.yml): the README is the first page, the API gets its own.

Pages link to one another as on GitHub; only the README lies elsewhere there.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File

from infrastructure import api_reference

_ROOT = Path(__file__).resolve().parents[1]


def on_files(files: Any, config: Any, **_: Any) -> Any:
    """Add the pages that are made at a build."""
    readme = (_ROOT / "README.md").read_text(encoding="utf-8").replace("](docs/", "](")
    document = json.loads((_ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    files.append(File.generated(config, "index.md", content=readme))
    files.append(File.generated(config, "api.md", content=api_reference.page(document)))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Links to the README lead to the first page."""
    return markdown.replace("](../README.md", "](index.md")

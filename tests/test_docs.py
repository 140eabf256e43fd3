"""The documents name everything that there is: routes, commands, metrics, settings, parameters."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import typer.main
import yaml

import app as chalice_app
from chalicelib.aws.metrics import Metric
from chalicelib.executions import retention
from chalicelib.system import configuration
from chalicelib.web.room import ENDPOINTS
from mediawright.cli.app import app

ROOT = Path(__file__).resolve().parents[1]
PAGES = {path: path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md"))}
TEXT = "\n".join(PAGES.values())
COMMANDS = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def commands(command: Any, words: tuple[str, ...] = ("mediawright",)) -> list[str]:
    if not hasattr(command, "commands"):
        return [" ".join(words)]
    return [leaf for name, inner in command.commands.items() for leaf in commands(inner, (*words, name))]


ALL_COMMANDS = commands(typer.main.get_command(app))
ALIASES = ("mediawright run batch ", "mediawright run trigger ")


def repairs() -> set[str]:
    """The kinds of what the sweep repairs."""
    found: set[str] = set()
    for path in (ROOT / "chalicelib").rglob("*.py"):
        source = path.read_text(encoding="utf-8")
        found |= set(re.findall(r'repairs\["(\w+)"\]', source))
        if path.name == "entrances.py":
            found |= set(re.findall(r'return \{"([a-z_]+)": ', source))
    return found


def settings() -> list[str]:
    parameters = yaml.compose((ROOT / "cfn" / "parameters.yaml").read_text(encoding="utf-8"))
    (named,) = [value for key, value in parameters.value if key.value == "Parameters"]
    return [configuration.CAP, retention.SETTING, *(key.value for key, _ in named.value)]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: f"{endpoint.method} {endpoint.path}")
def test_every_route_is_documented(endpoint: Any) -> None:
    assert chalice_app.app.routes[endpoint.path]
    wanted = rf"[`, ]{endpoint.method}\b[^|]*?{re.escape(endpoint.path)}(?=[`?,|\s])"
    assert re.search(wanted, TEXT), f"{endpoint.method} {endpoint.path} is in no page of docs"


@pytest.mark.parametrize("command", [name for name in ALL_COMMANDS if not name.startswith(ALIASES)])
def test_every_command_is_documented(command: str) -> None:
    assert re.search(rf"`{re.escape(command)}[ `]", COMMANDS)


def test_every_command_that_is_documented_exists() -> None:
    documented = re.findall(r"^\| `(mediawright(?: [a-z0-9]+)+)", COMMANDS, re.MULTILINE)

    assert documented
    assert set(documented) <= set(ALL_COMMANDS)


@pytest.mark.parametrize("name", [*Metric, *sorted(repairs())])
def test_every_metric_and_every_kind_of_repair_is_documented(name: str) -> None:
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize("name", settings())
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in TEXT


def test_links_between_pages_lead_somewhere() -> None:
    for path, text in PAGES.items():
        for target, anchor in re.findall(r"\]\((?!https?:)([^)#\s]*)(?:#([^)]*))?\)", text):
            page = (path.parent / target).resolve() if target else path
            assert page.exists(), f"{path.name}: {target}"
            if anchor:
                headings = re.findall(r"^#+ (.*)$", PAGES[page], re.MULTILINE)
                slugs = {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}
                assert anchor in slugs, f"{path.name}: {target}#{anchor}"

"""Every command's help shows an example, and the example is one."""

from __future__ import annotations

import shlex
from inspect import unwrap
from pathlib import Path
from typing import Any

import pytest
import typer.main

from mediawright.cli.app import app

ROOT = typer.main.get_command(app)


def leaves(command: Any, words: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    """The commands below a group, each with the words that lead to it."""
    if not hasattr(command, "commands"):
        return [(words, command)]
    return [leaf for name, inner in command.commands.items() for leaf in leaves(inner, (*words, name))]


def examples(command: Any) -> list[str]:
    lines = (command.epilog or "").removeprefix("Examples:").removeprefix("Example:").split("\n\n")
    return [line.strip() for line in lines if line.strip()]


named = pytest.mark.parametrize(
    ("words", "command"), leaves(ROOT), ids=lambda value: " ".join(value) if isinstance(value, tuple) else ""
)


@named
def test_a_commands_examples_are_commands(
    words: tuple[str, ...], command: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("clip.mp4", "a.mp4", "b.mp4", "token.txt", "trigger.json"):
        (tmp_path / name).write_text("{}")

    assert command.help
    assert examples(command)
    for example in examples(command):
        name, *rest = shlex.split(example)
        assert name == "mediawright"
        assert unwrap(parsed(rest)) is unwrap(command.callback)


def parsed(words: list[str]) -> Any:
    """The function that a command line would call; everything but the call is done."""
    command, context = ROOT, ROOT.make_context("mediawright", words)
    while hasattr(command, "commands"):
        name, command, rest = command.resolve_command(context, [*context._protected_args, *context.args])
        context = command.make_context(name, rest, parent=context)
    return command.callback

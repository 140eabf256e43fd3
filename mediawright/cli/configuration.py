"""`mediawright config`: the settings that this command keeps for its user, and those of the system it talks to."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from mediawright.cli import inputs, settings
from mediawright.cli.session import current

app = typer.Typer(no_args_is_help=True)

Key = Annotated[str, typer.Argument(help=f"{', '.join(settings.KEYS)}; with --system, a setting of the engine.")]
System = Annotated[
    bool, typer.Option("--system", help="The engine's: MaxConcurrentWorkflows, RetentionDays, or your own.")
]


@app.command(epilog="Example: mediawright config get --system")
def get(
    ctx: typer.Context,
    key: Annotated[str | None, typer.Argument(help="Only this one.")] = None,
    system: System = False,
) -> None:
    """Show settings."""
    session = current(ctx)
    found: dict[str, Any] = _system(ctx) if system else dict(settings.read_config())
    if key is None:
        session.table(["Setting", "Value"], [[name, value] for name, value in found.items()], found)
        return
    if not system:
        _known(key)
    if session.as_json:
        session.show(found.get(key))
    elif key in found:
        session.say(str(found[key]))
    if key not in found:
        raise typer.Exit(1)


@app.command(
    "set",
    epilog="Examples:\n\nmediawright config set endpoint http://127.0.0.1:8000/api/\n\n"
    "mediawright config set --system MaxConcurrentWorkflows 50\n\n"
    "mediawright config set --system RetentionDays 30",
)
def set_value(ctx: typer.Context, key: Key, value: str, system: System = False) -> None:
    """Keep a setting. An empty value forgets one of this command's own; the engine's keep the last value they got."""
    session = current(ctx)
    if system:
        session.client.set_configuration(key, inputs.value(value))
    else:
        _known(key)
        config = {**settings.read_config(), key: value}
        settings.write_config({name: kept for name, kept in config.items() if kept})
    if session.as_json:
        session.show({key: inputs.value(value) if system else value})


def _system(ctx: typer.Context) -> dict[str, Any]:
    return {setting["Name"]: setting["Value"] for setting in current(ctx).client.configuration()}


def _known(key: str) -> None:
    if key not in settings.KEYS:
        raise typer.BadParameter(f"there is no setting {key!r}; there are {', '.join(settings.KEYS)}")

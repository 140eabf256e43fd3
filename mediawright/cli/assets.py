"""`mediawright asset`."""

from __future__ import annotations

from itertools import islice
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import typer

from mediawright.cli import collect
from mediawright.cli.each import each
from mediawright.cli.session import current

app = typer.Typer(no_args_is_help=True)

AssetId = Annotated[str, typer.Argument(metavar="ASSET", help="The asset's id.")]
Operator = Annotated[str | None, typer.Argument(help="Only this operator's.")]


@app.command("list", epilog="Example: mediawright asset list --limit 10")
def list_assets(
    ctx: typer.Context, limit: Annotated[int, typer.Option(min=1, help="How many to show.")] = 1000
) -> None:
    """List the ids of the assets."""
    session = current(ctx)
    found = list(islice(session.client.asset_ids(), limit))
    session.table(["Asset"], [[asset] for asset in found], found)


@app.command(epilog="Example: mediawright asset show ASSET")
def show(ctx: typer.Context, asset: AssetId) -> None:
    """Show where an asset lies, and which operators have metadata of it."""
    session = current(ctx)
    facts: dict[str, Any] = {"AssetId": asset}
    operators: dict[str, int] = {}
    for page in session.client.metadata(asset):
        if "operator" in page:
            operators[page["operator"]] = operators.get(page["operator"], 0) + 1
        else:
            facts.update(page["results"])
    facts["Operators"] = sorted(operators)
    rows = [[name, ", ".join(value) if isinstance(value, list) else value] for name, value in facts.items()]
    session.table(["", ""], rows, facts)


@app.command(epilog="Example: mediawright asset metadata ASSET Mediainfo")
def metadata(ctx: typer.Context, asset: AssetId, operator: Operator = None) -> None:
    """Show an asset's metadata as JSON: one operator's pages, or all of them by operator."""
    session = current(ctx)
    pages: dict[str, list[Any]] = {}
    for page in session.client.metadata(asset, operator):
        if "operator" in page:
            pages.setdefault(page["operator"], []).append(page["results"])
    documents = {name: held[0] if len(held) == 1 else held for name, held in pages.items()}
    session.show(documents if operator is None else documents.get(operator, {}))


@app.command(epilog="Example: mediawright asset download ASSET --to out")
def download(
    ctx: typer.Context,
    asset: AssetId,
    to: Annotated[Path, typer.Option("--to", file_okay=False, help="The directory.")] = Path("out"),
) -> None:
    """Fetch an asset's source file, and its metadata as <operator>.json."""
    session = current(ctx)
    facts = session.client.asset(asset)
    name = PurePosixPath(facts["S3Key"]).name or asset
    paths = [session.client.download(facts["S3Bucket"], facts["S3Key"], to / name)]
    paths += collect.write_metadata(session.client, asset, to)
    for path in paths:
        session.say(str(path))
    if session.as_json:
        session.show([str(path) for path in paths])


@app.command(epilog="Example: mediawright asset delete ASSET")
def delete(
    ctx: typer.Context, assets: Annotated[list[str], typer.Argument(metavar="ASSET", help="The assets' ids.")]
) -> None:
    """Delete assets and what the engine made of them; the source files stay."""
    session = current(ctx)
    each(session, assets, session.client.delete_asset, lambda asset: f"asset {asset} is deleted")

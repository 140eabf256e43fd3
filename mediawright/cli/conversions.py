"""Which files are to be made of which, and making them: one with a bar of its percentage, many of their count."""

from __future__ import annotations

import glob
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskProgressColumn, TextColumn

from mediawright.cli import render
from mediawright.cli.session import Session, as_document
from mediawright.client import Client
from mediawright.client.conversion import ConversionFailed, Work, convert
from mediawright.errors import MediawrightError
from mediawright.media import InvalidParameter, check, formats

Planned = Callable[[Path, str], Work]
"""The work that makes a file of an ending (without its dot) out of a file."""
MOST_FILES = 1000


@dataclass(frozen=True)
class Pair:
    """A file and what is to be made of it."""

    source: Path
    target: Path
    work: Work


@dataclass(frozen=True)
class Wanted:
    """What is to be made, and why nothing is of the other files of a folder."""

    pairs: list[Pair]
    skipped: list[str]


def wanted(source: str, target: Path, ending: str | None, plan: Planned) -> Wanted:
    """Return what is to be made: of one file, or of those of a folder or a pattern. Raises BadParameter."""
    if Path(source).is_file():
        found = Wanted([_single(Path(source), target, ending, plan)], [])
    else:
        found = _many(source, target, ending, plan)
    if any(pair.source.resolve() == pair.target.resolve() for pair in found.pairs):
        raise typer.BadParameter("a file can't be made in its own place")
    return found


def _single(source: Path, target: Path, ending: str | None, plan: Planned) -> Pair:
    if target.is_dir():
        if not ending:
            raise typer.BadParameter(f"{target} is a folder: --to tells the format of what is made there")
        target = target / f"{source.stem}.{formats.ending(ending)}"
    named = formats.ending(target.suffix)
    if not named:
        raise typer.BadParameter(f"the name {target} has no ending that tells the format")
    if ending and not formats.is_named_so(ending, target):
        raise typer.BadParameter(f"the name {target} tells another format than --to {ending}")
    return Pair(source, target, _checked(plan(source, formats.ending(ending or named))))


def _checked(work: Work) -> Work:
    """Return the work. Raises BadParameter for parameters that its operation would refuse."""
    try:
        check(work.operation, work.parameters)
    except InvalidParameter as refusal:
        raise typer.BadParameter(str(refusal)) from None
    return work


def _many(source: str, folder: Path, ending: str | None, plan: Planned) -> Wanted:
    files = _files(source)
    if not ending:
        raise typer.BadParameter("of many files --to tells the format")
    if folder.is_file():
        raise typer.BadParameter(f"{folder} is a file: of many files a folder is made")
    found = Wanted([], [])
    for file in files:
        _add(found, file, folder / f"{file.stem}.{formats.ending(ending)}", plan, strict=not Path(source).is_dir())
    if not found.pairs:
        raise typer.BadParameter(found.skipped[0])
    if len(found.pairs) > MOST_FILES:
        raise typer.BadParameter(f"{len(found.pairs)} files are more than {MOST_FILES} at once")
    made: dict[Path, Path] = {}
    for pair in found.pairs:
        other = made.setdefault(pair.target, pair.source)
        if other != pair.source:
            raise typer.BadParameter(f"both {other} and {pair.source} would become {pair.target}")
    return found


def _add(found: Wanted, file: Path, target: Path, plan: Planned, *, strict: bool) -> None:
    """Add what is made of a file; one that a folder has besides is skipped, one that was asked for is refused."""
    try:
        work = plan(file, formats.ending(target.suffix))
    except typer.BadParameter as refusal:
        if strict:
            raise
        found.skipped.append(str(refusal))
        return
    # what is wrong with the options is so for every file: nothing to skip
    found.pairs.append(Pair(file, target, _checked(work)))


def _files(source: str) -> list[Path]:
    """The files of a folder, without hidden ones, or all that a pattern finds."""
    if Path(source).is_dir():
        there = (path for path in sorted(Path(source).iterdir()) if not path.name.startswith("."))
        files = [path for path in there if path.is_file()]
    else:
        files = [Path(name) for name in sorted(glob.glob(source, recursive=True)) if Path(name).is_file()]
    if not files:
        raise typer.BadParameter(f"there is no file {source}, and it is no folder or pattern that has any to convert")
    return files


def make(session: Session, wanted: Wanted, parallel: int) -> None:
    """Make all files. Exits with 1 when one fails; the others are made."""
    for reason in wanted.skipped:
        session.errors.print(f"skipped: {render.plain(reason)}", soft_wrap=True)
    pairs = wanted.pairs
    results = _one(session, pairs[0]) if len(pairs) == 1 else _all(session, pairs, parallel)
    told = [document for document, _ in results]
    if session.as_json:
        session.show(told[0] if len(pairs) == 1 else told)
    if any(not fine for _, fine in results):
        raise typer.Exit(1)


Result = tuple[dict[str, Any], bool]


def _one(session: Session, pair: Pair) -> list[Result]:
    with _bar(session, TaskProgressColumn()) as bar:
        task = bar.add_task(render.plain(pair.target.name), total=100)
        return [_made(session, session.client, pair, lambda percent: bar.update(task, completed=percent))]


def _all(session: Session, wanted: list[Pair], parallel: int) -> list[Result]:
    found: dict[int, Result] = {}
    client = session.client
    with _bar(session, MofNCompleteColumn()) as bar, ThreadPoolExecutor(parallel) as pool:
        task = bar.add_task("files", total=len(wanted))
        futures = {pool.submit(_made, session, client, pair, lambda _: None): n for n, pair in enumerate(wanted)}
        for future in as_completed(futures):
            found[futures[future]] = future.result()
            bar.advance(task)
    return [found[number] for number in range(len(wanted))]


def _made(session: Session, client: Client, pair: Pair, told: Callable[[int], None]) -> Result:
    document: dict[str, Any] = {"Input": str(pair.source), "Output": str(pair.target)}
    try:
        run = convert(client, pair.source, pair.target, pair.work, told)
    except (MediawrightError, OSError) as error:
        session.errors.print(f"{render.plain(pair.source)}: {render.plain(error)}", soft_wrap=True)
        run_id = {"Run": error.run_id} if isinstance(error, ConversionFailed) else {}
        return {**document, **run_id, "Error": as_document(error)}, False
    session.say(f"{pair.source} -> {pair.target} ({pair.target.stat().st_size:,} bytes)")
    return {**document, "Run": run["Id"]}, True


@contextmanager
def _bar(session: Session, column: Any) -> Iterator[Progress]:
    """A bar on a terminal; elsewhere the lines that are said are all."""
    shown = session.console.is_terminal and not session.as_json
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), column)
    with Progress(*columns, console=session.console, transient=True, disable=not shown) as bar:
        yield bar

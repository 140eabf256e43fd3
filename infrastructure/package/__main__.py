"""`python -m infrastructure.package build | wheels`: builds `dist/`, or says which wheel serves which platform."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path

from infrastructure.package import contents
from infrastructure.package.archive import Archive, digest
from infrastructure.package.build import NotOurs, TooLarge, build
from infrastructure.package.lock import NotLocked
from infrastructure.package.target import ARCHITECTURES, TARGETS, Target
from infrastructure.package.wheels import NoWheels, names
from infrastructure.template.builder import TemplateError
from infrastructure.template.layers import LAYERS
from infrastructure.template.operators import UnknownLayer
from infrastructure.template.places import RUNTIME

PROJECT = Path(__file__).resolve().parents[2]
REFUSALS = (NoWheels, NotLocked, NotOurs, TemplateError, TooLarge, UnknownLayer)


def main(arguments: list[str] | None = None) -> int:
    """Run a command; exit status 1, and the reason on standard error, when it can't be done."""
    parser = argparse.ArgumentParser(prog="python -m infrastructure.package")
    parser.add_argument("command", choices=["build", "wheels"])
    parser.add_argument("--out", type=Path, default=Path("dist"))
    parser.add_argument("--architecture", choices=ARCHITECTURES, default=ARCHITECTURES[0])
    given = parser.parse_args(arguments)
    cache = PROJECT / ".build" / "wheels"
    try:
        if given.command == "build":
            target = Target(given.architecture, RUNTIME.removeprefix("python"))
            _report(build(PROJECT, given.out, target, cache), given.out)
        else:
            _wheels(cache)
    except REFUSALS as refusal:
        print(refusal, file=sys.stderr)
        return 1
    return 0


def _report(archives: dict[str, Archive], out: Path) -> None:
    print(f"{'':24}{'zipped':>14}{'unzipped':>14}  sha256")
    for archive in archives.values():
        print(f"{archive.path.name:24}{archive.size:14,}{archive.unzipped:14,}  {archive.sha256}")
    for path in sorted(out.glob("*.json")):
        print(f"{path.name:24}{path.stat().st_size:14,}{'':14}  {digest(path)}")
    print(f"{'all of ' + str(out):52}  {whole_digest(out)}")


def whole_digest(out: Path) -> str:
    """One SHA-256 over the names and contents of everything in a folder."""
    lines = (f"{path.relative_to(out)} {digest(path)}\n" for path in sorted(out.rglob("*")) if path.is_file())
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _wheels(cache: Path) -> None:
    for target in TARGETS:
        print(target)
        requirements = contents.engine_requirements(PROJECT, target)
        requirements += contents.layer_requirements(PROJECT, LAYERS.values(), target)
        for name in names(requirements, target, cache):
            print(f"  {name}")


if __name__ == "__main__":
    sys.exit(main())

"""`make lines`: the sizes that the house watches: modules, functions, and tests against source."""

from __future__ import annotations

import ast
import statistics
from collections.abc import Iterator
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_SOURCES = ("chalicelib", "mediawright", "MediaInsightsEngineLambdaHelper", "operators", "infrastructure", "bench")


def main() -> None:
    """Print a line a folder, the largest modules and the longest functions."""
    total = 0
    functions: list[tuple[int, str]] = []
    modules: list[tuple[int, str]] = []
    for folder in _SOURCES:
        files = sorted((_ROOT / folder).rglob("*.py"))
        lines = sum(_lines(file) for file in files)
        total += lines
        modules += [(_lines(file), str(file.relative_to(_ROOT))) for file in files]
        functions += [entry for file in files for entry in _functions(file)]
        print(f"{folder:34} {len(files):4} modules {lines:6} lines")
    tests = sum(_lines(file) for file in (_ROOT / "tests").rglob("*.py"))
    print(f"{'tests':34} {tests:20} lines, {tests / total:.2f} a source line")
    sizes = sorted(size for size, _ in functions)
    print(f"functions: median {statistics.median(sizes):.0f}, p95 {sizes[int(len(sizes) * 0.95)]} lines")
    for size, name in [*sorted(modules, reverse=True)[:5], *sorted(functions, reverse=True)[:5]]:
        print(f"{size:6} {name}")


def _lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def _functions(file: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield (node.end_lineno or node.lineno) - node.lineno + 1, f"{file.relative_to(_ROOT)}:{node.name}"


if __name__ == "__main__":
    main()

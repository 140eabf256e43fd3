from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HELPER = [
    *sorted((ROOT / "mediawright").glob("*.py")),
    *sorted((ROOT / "MediaInsightsEngineLambdaHelper").glob("*.py")),
]


def test_the_helper_imports_nothing_beyond_the_standard_library() -> None:
    script = (
        "import sys; sys.path.insert(0, sys.argv[1]); before = set(sys.modules);"
        "import mediawright, MediaInsightsEngineLambdaHelper;"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )

    done = subprocess.run([sys.executable, "-I", "-c", script, str(ROOT)], capture_output=True, text=True, check=True)

    imported = set(done.stdout.split()) - set(sys.stdlib_module_names)
    assert imported == {"mediawright", "MediaInsightsEngineLambdaHelper"}


@pytest.mark.parametrize("module", HELPER, ids=lambda path: path.name)
def test_the_helper_is_python_3_9(module: Path) -> None:
    tree = ast.parse(module.read_text(), feature_version=(3, 9))

    newer = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module == "typing"]
    names = {alias.name for node in newer for alias in node.names}
    assert names <= {"Any", "Literal", "NamedTuple", "Protocol", "TYPE_CHECKING", "TypedDict", "cast", "overload"}

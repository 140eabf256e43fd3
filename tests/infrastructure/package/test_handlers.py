"""Every handler of the templates is imported from its unpacked archive, with Lambda's image beside it and no more."""

from __future__ import annotations

import ast
import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from infrastructure.package import contents
from infrastructure.package.archive import Entry
from infrastructure.package.build import templates
from infrastructure.package.target import this_machine
from infrastructure.template.layers import LAYERS
from tests.infrastructure.package.conftest import CACHE, DEPLOYED
from tests.infrastructure.sample_project import REPOSITORY

Unpack = Callable[[str, dict[str, Entry]], Path]
IMPORT = """
import importlib, json, sys
paths, handlers = json.loads(sys.argv[1])
sys.path[:0] = paths
for handler in handlers:
    module, name = handler.rsplit(".", 1)
    assert callable(getattr(importlib.import_module(module), name)), handler
"""
IMPORT_LATE = """
import importlib, json, sys
paths, modules = json.loads(sys.argv[1])
sys.path[:0] = paths
for module in modules:
    importlib.import_module(module)
"""
OWN = ("app.py", "chalicelib/", "operators/", "mediawright/")
USED = ("mediainfo", "pillow", "pyav")
IMAGE = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six", "urllib3")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what Lambda's image has, and nothing of this environment besides."""
    folder = tmp_path_factory.mktemp("image")
    for name in IMAGE:
        spec = importlib.util.find_spec(name)
        assert spec is not None
        assert spec.origin is not None
        origin = Path(spec.origin)
        found = origin.parent if origin.name == "__init__.py" else origin
        (folder / found.name).symlink_to(found)
    return folder


def import_all(paths: Sequence[Path], handlers: Sequence[str], code: str = IMPORT) -> None:
    """Import handlers, or modules, with these folders and the standard library alone."""
    given = json.dumps([[str(path) for path in paths], list(handlers)])
    environment = {"AWS_DEFAULT_REGION": "eu-west-1", "DataplaneEndpoint": "handler"}
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, given],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr


def sources(files: dict[str, Entry]) -> dict[str, bytes]:
    """The Python files that are ours."""
    return {name: entry.content for name, entry in files.items() if name.startswith(OWN) and name.endswith(".py")}


def imported(files: dict[str, Entry]) -> list[str]:
    """Every module that our files import anywhere but for type checkers."""
    found: set[str] = set()
    for content in sources(files).values():
        waiting: list[ast.AST] = [ast.parse(content)]
        while waiting:
            node = waiting.pop()
            if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
                continue
            if isinstance(node, ast.Import):
                found.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.add(node.module)
            waiting.extend(ast.iter_child_nodes(node))
    return sorted(found)


def functions(template: dict[str, Any]) -> list[dict[str, Any]]:
    return [entry["Properties"] for entry in template["Resources"].values() if entry["Type"].endswith("::Function")]


def test_the_engines_handlers(
    engine_here: dict[str, Entry], operators_here: dict[str, Entry], unpack: Unpack, image: Path
) -> None:
    template = templates(REPOSITORY, DEPLOYED)["mediawright.json"]
    handlers = [function["Handler"] for function in functions(template)]
    for_tests = [handler for handler in handlers if handler.startswith("operators.")]

    assert "app.app" in handlers
    import_all([unpack("engine", engine_here), image], [name for name in handlers if name not in for_tests])
    import_all([unpack("operators", operators_here), image], for_tests)


def test_each_operators_handler_with_its_own_layers_alone(
    operators_here: dict[str, Entry], unpack: Unpack, image: Path
) -> None:
    template = templates(REPOSITORY, DEPLOYED)["operators.json"]
    code = unpack("operators", operators_here)
    layers = {
        layer.logical_id: unpack(layer.name, contents.layer(REPOSITORY, layer, this_machine(), CACHE)) / "python"
        for layer in LAYERS.values()
        if layer.logical_id in template["Resources"]
    }

    by_layers: dict[tuple[str, ...], list[str]] = {}
    for function in functions(template):
        image_has = tuple(layers) if function.get("PackageType") == "Image" else ()
        used = tuple(layer["Ref"] for layer in function.get("Layers", [])) or image_has
        [handler] = function.get("ImageConfig", {}).get("Command", [function.get("Handler")])
        by_layers.setdefault(used, []).append(handler)
    for used, handlers in by_layers.items():
        import_all([code, *(layers[name] for name in used), image], [*handlers])


def test_what_the_engine_imports_only_when_it_is_needed(
    engine_here: dict[str, Entry], unpack: Unpack, image: Path
) -> None:
    modules = imported(engine_here)

    assert {"jsonschema", "boto3"} <= set(modules)
    import_all([unpack("engine", engine_here), image], modules, IMPORT_LATE)


def test_what_operators_import_only_when_it_is_needed(
    operators_here: dict[str, Entry], unpack: Unpack, image: Path
) -> None:
    layers = [
        unpack(name, contents.layer(REPOSITORY, LAYERS[name], this_machine(), CACHE)) / "python" for name in USED
    ]
    modules = imported(operators_here)

    assert {"jsonschema.validators", "av", "PIL", "imageio_ffmpeg"} <= set(modules)
    modules.remove("imageio_ffmpeg")  # the image's: its requirements are looked at in test_build.py
    import_all([unpack("operators", operators_here), *layers, image], modules, IMPORT_LATE)


def test_a_forgotten_package_would_be_noticed(engine_here: dict[str, Entry], unpack: Unpack, image: Path) -> None:
    without = {name: entry for name, entry in engine_here.items() if not name.startswith("jsonschema/")}

    with pytest.raises(AssertionError, match="No module named 'jsonschema'"):
        import_all([unpack("engine", without), image], imported(engine_here), IMPORT_LATE)


@pytest.mark.parametrize("fixture", ["engine_here", "operators_here"])
def test_every_source_of_ours_is_valid_in_the_deployed_python(fixture: str, request: pytest.FixtureRequest) -> None:
    for name, content in sources(request.getfixturevalue(fixture)).items():
        ast.parse(content, name, feature_version=(3, 12))

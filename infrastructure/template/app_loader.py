"""Imports a project's `app.py`, the one place that names the engine's routes and functions."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

_OWN = Path(__file__).resolve().parents[2] / "app.py"
_loaded: dict[Path, ModuleType] = {}


def load_app_module(project: Path) -> ModuleType:
    """The module of `project/app.py`, imported once per process.

    Only this repository's own app gets the plain name `app`, by which its tests import it.
    """
    path = (project / "app.py").resolve()
    if path not in _loaded:
        _loaded[path] = _already_imported(path) or _import(path)
    return _loaded[path]


def _already_imported(path: Path) -> ModuleType | None:
    module = sys.modules.get("app")
    file = getattr(module, "__file__", None)
    return module if file and Path(file).resolve() == path else None


def _import(path: Path) -> ModuleType:
    name = "app" if path == _OWN else f"app_{hashlib.sha256(bytes(path)).hexdigest()[:8]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    if str(path.parent) not in sys.path:
        sys.path.insert(0, str(path.parent))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module

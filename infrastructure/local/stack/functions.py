"""Runs the stack's functions from the working tree: the engine's in threads of this process, operators in workers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from infrastructure.local.api import chalice_context
from infrastructure.local.lambdas.functions import Functions
from infrastructure.local.stack.deploy import DeployedStack, StackFunction
from infrastructure.template.app_loader import load_app_module

API = "APIHandler"


def serve_functions(stack: DeployedStack, functions: Functions, project: Path, in_process: bool) -> str:
    """Register every function; the name of the one behind the REST API.

    In process, the engine's environment block becomes this process's: it is the same for all of them.
    """
    engine = [function for function in stack.functions if function.handler.startswith("app.")]
    for function in stack.functions:
        if function not in engine or not in_process:
            functions.register_code(function.name, project)
    if in_process:
        _serve_here(engine, functions, project)
    return next(function.name for function in engine if function.logical_id == API)


def _serve_here(engine: list[StackFunction], functions: Functions, project: Path) -> None:
    for function in engine:
        os.environ.update(function.environment)
    module: Any = load_app_module(project)
    chalice_context.install()
    for function in engine:
        functions.register_in_process(function.name, getattr(module, function.handler.removeprefix("app.")))

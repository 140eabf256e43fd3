"""Runs the stack's functions from the working tree: the engine's in threads of this process, operators in workers."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from chalicelib.definitions import memory
from chalicelib.executions import retention
from infrastructure.local.api import chalice_context
from infrastructure.local.lambdas.functions import Functions
from infrastructure.local.stack.deploy import StackFunction
from infrastructure.template.app_loader import load_app_module

API = "APIHandler"


class FunctionServer:
    """Takes up every function of the working tree when it is made, and its environment whenever that changes."""

    def __init__(self, functions: Functions, project: Path, in_process: bool) -> None:
        """In process, the engine's environment becomes this process's: no two functions differ about a variable."""
        self.api = ""
        self._functions = functions
        self._project = project
        self._in_process = in_process

    def serve(self, function: StackFunction) -> None:
        """Run a function from the working tree, with the environment that it has now."""
        is_engine = function.handler.startswith("app.")
        if is_engine and function.logical_id == API:
            self.api = function.name
        if is_engine and self._in_process:
            self._serve_here(function)
        else:
            self._functions.register_code(function.name, self._project)

    def _serve_here(self, function: StackFunction) -> None:
        if any(os.environ.get(name) != value for name, value in function.environment.items()):
            os.environ.update(function.environment)
            forget_settings()
        module: Any = load_app_module(self._project)
        chalice_context.install()
        handler = getattr(module, function.handler.removeprefix("app."))
        self._functions.register_in_process(function.name, handler)


def forget_settings() -> None:
    """Empty whatever the engine remembers in this process: of an environment, and of tables, that are gone."""
    memory.forget()
    retention.forget()
    for name, module in list(sys.modules.items()):
        if name == "app" or name.startswith("chalicelib"):
            for member in list(vars(module).values()):
                clear = getattr(member, "cache_clear", None)
                if callable(clear):
                    clear()

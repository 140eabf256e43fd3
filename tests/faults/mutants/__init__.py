"""Bugs to be seeded: each is one small change of the engine's source, made in memory and taken back afterwards."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Mutant:
    """One function of the engine with a piece of its source replaced; whoever moves the piece must move it here.

    `check` names the part of the suite that is to notice.
    """

    bug: str
    check: str
    module: str
    function: str
    old: str
    new: str

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Run with the bug. Raises LookupError when the piece isn't there just once."""
        module: Any = importlib.import_module(self.module)
        sound = getattr(module, self.function)
        source = inspect.getsource(sound)
        if source.count(self.old) != 1:
            raise LookupError(f"{self.module}.{self.function} holds {source.count(self.old)} times {self.old!r}")
        made: dict[str, Any] = {}
        text = "from __future__ import annotations\n" + source.replace(self.old, self.new)
        exec(compile(text, f"{self.module} with a seeded bug", "exec"), module.__dict__, made)
        with _everywhere(sound, made[self.function]):
            yield


@contextmanager
def _everywhere(sound: Any, broken: Any) -> Iterator[None]:
    """Put one function in the place of another, in every module of the engine that holds it."""
    engine = [module for name, module in list(sys.modules.items()) if name.startswith("chalicelib.")]
    places = [(module, name) for module in engine for name, held in vars(module).items() if held is sound]
    for module, name in places:
        setattr(module, name, broken)
    try:
        yield
    finally:
        for module, name in places:
            setattr(module, name, sound)

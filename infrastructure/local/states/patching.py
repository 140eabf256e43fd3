"""How adapters replace functions inside moto."""

from __future__ import annotations

import sys
from typing import Any


def rebind(original: Any, replacement: Any, package: str = "moto.stepfunctions") -> None:
    """Put a replacement wherever a loaded module of a package imported the original by name."""
    for name, module in list(sys.modules.items()):
        if name == package or name.startswith(package + "."):
            for attribute, value in list(vars(module).items()):
                if value is original:
                    setattr(module, attribute, replacement)

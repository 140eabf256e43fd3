"""The Lambda platforms that archives are built for."""

from __future__ import annotations

import platform
import sys
from dataclasses import dataclass

_MACHINES = {"x86_64": "x86_64", "arm64": "aarch64"}
ARCHITECTURES = tuple(_MACHINES)
PYTHONS = ("3.12", "3.13")
_GLIBC = range(34, 4, -1)
"""Lambda's images from Python 3.12 on are Amazon Linux 2023 with glibc 2.34, where wheels for any older one run."""


@dataclass(frozen=True)
class Target:
    """A processor, by Lambda's name, and a Python version such as 3.12."""

    architecture: str
    python: str

    def __str__(self) -> str:
        return f"python{self.python}-{self.architecture}"

    @property
    def machine(self) -> str:
        """The processor by Linux's name."""
        return _MACHINES[self.architecture]

    def pip_options(self) -> list[str]:
        """What makes pip choose wheels for this platform, whatever it runs on."""
        platforms = [f"manylinux_2_{minor}_{self.machine}" for minor in _GLIBC] + [f"manylinux2014_{self.machine}"]
        chosen = ["--only-binary=:all:", "--implementation", "cp", "--python-version", self.python]
        return [*chosen, *(option for name in platforms for option in ("--platform", name))]

    def marker_environment(self) -> dict[str, str]:
        """The values of a requirement's markers there (packaging.python.org, dependency specifiers)."""
        return {
            "implementation_name": "cpython",
            "os_name": "posix",
            "platform_machine": self.machine,
            "platform_python_implementation": "CPython",
            "platform_system": "Linux",
            "python_full_version": f"{self.python}.0",
            "python_version": self.python,
            "sys_platform": "linux",
        }


TARGETS = tuple(Target(architecture, python) for architecture in ARCHITECTURES for python in PYTHONS)


def this_machine() -> Target:
    """The platform that this process runs on, if it is Linux on a processor that Lambda has."""
    names = {machine: architecture for architecture, machine in _MACHINES.items()}
    return Target(names[platform.machine()], f"{sys.version_info.major}.{sys.version_info.minor}")

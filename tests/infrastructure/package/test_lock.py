from __future__ import annotations

from pathlib import Path

import pytest

from infrastructure.package.lock import NotLocked, chosen, pinned
from infrastructure.package.target import Target

HASH = "--hash=sha256:" + "0" * 64
OTHER = "--hash=sha256:" + "1" * 64


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    file = tmp_path / "run.txt"
    file.write_text(
        "# made by uv\n"
        f"av==18.1.0 ; python_full_version < '3.12' \\\n    {HASH} \\\n    {OTHER}\n    # via -r run.in\n"
        f"av==19.0.2 ; python_full_version >= '3.12' \\\n    {HASH}\n    # via -r run.in\n"
        f"colorama==0.4.6 ; sys_platform == 'win32' \\\n    {HASH}\n"
        f"Typing_Extensions==4.16.0 \\\n    {HASH}\n",
        encoding="utf-8",
    )
    return file


def test_a_platform_gets_the_versions_whose_markers_hold_there_not_here(lock: Path) -> None:
    assert pinned(lock, Target("arm64", "3.12")) == {
        "av": f"av==19.0.2 {HASH}",
        "typing-extensions": f"Typing_Extensions==4.16.0 {HASH}",
    }
    assert pinned(lock, Target("x86_64", "3.11"))["av"] == f"av==18.1.0 {HASH} {OTHER}"


def test_a_package_without_a_pin_is_told_with_the_platform(lock: Path) -> None:
    with pytest.raises(NotLocked, match=r"run\.txt pins no version of colorama, numpy for python3\.12-x86_64"):
        chosen(lock, ["av", "numpy", "colorama"], Target("x86_64", "3.12"))

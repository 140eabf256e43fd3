from __future__ import annotations

from pathlib import Path

import pytest

from infrastructure.package import contents
from infrastructure.package.lock import chosen
from infrastructure.package.target import TARGETS, Target
from infrastructure.package.wheels import NoWheels, fetch, names
from infrastructure.template.layers import LAYERS
from tests.infrastructure.package.conftest import CACHE, DEPLOYED
from tests.infrastructure.sample_project import REPOSITORY

TYPING = chosen(REPOSITORY / "requirements.txt", ["typing-extensions"], DEPLOYED)


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_package_has_a_wheel_for_every_python_and_processor(target: Target) -> None:
    """Both that Lambda has and the lock pins: the engine's for 3.12 and 3.13, on x86_64 and arm64."""
    wheels = names(contents.engine_requirements(REPOSITORY, target), target, CACHE)

    native = [name for name in wheels if not name.endswith("-none-any.whl")]
    tag = f"-cp{target.python.replace('.', '')}-"
    assert "rpds_py" in {name.split("-")[0] for name in native}
    assert all((tag in name or "-abi3-" in name) and target.machine in name for name in native)


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_every_layer_is_pinned_for_every_python_and_processor(target: Target) -> None:
    requirements = contents.layer_requirements(REPOSITORY, LAYERS.values(), target)

    assert len(requirements) == len(LAYERS)


def test_wheels_are_fetched_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = fetch(TYPING, DEPLOYED, tmp_path)
    monkeypatch.setattr("subprocess.run", lambda *_, **__: pytest.fail("fetched again"))

    assert fetch(TYPING, DEPLOYED, tmp_path) == first
    assert [wheel.suffix for wheel in first] == [".whl"]
    assert list(tmp_path.iterdir()) == [first[0].parent]


def test_a_wheel_with_another_hash_is_refused_and_nothing_kept(tmp_path: Path) -> None:
    altered = [TYPING[0].split("--hash")[0] + "--hash=sha256:" + "0" * 64]

    with pytest.raises(NoWheels, match="HASH"):
        fetch(altered, DEPLOYED, tmp_path)

    assert list(tmp_path.iterdir()) == []

from __future__ import annotations

import zipfile
from pathlib import Path

from infrastructure.package.archive import Entry, of_folder, of_wheel, write


def test_the_same_files_make_the_same_bytes_whatever_their_order(tmp_path: Path) -> None:
    first = write(tmp_path / "a.zip", {"b.py": Entry(b"b"), "a.py": Entry(b"a")})
    second = write(tmp_path / "b.zip", {"a.py": Entry(b"a"), "b.py": Entry(b"b")})

    assert first.sha256 == second.sha256
    assert first.unzipped == 2


def test_files_can_be_read_by_everyone_and_programs_started(tmp_path: Path) -> None:
    write(tmp_path / "a.zip", {"code.py": Entry(b""), "bin/ffmpeg": Entry(b"", executable=True)})

    modes = {
        info.filename: oct(info.external_attr >> 16 & 0o777)
        for info in zipfile.ZipFile(tmp_path / "a.zip").infolist()
    }

    assert modes == {"bin/ffmpeg": "0o755", "code.py": "0o644"}


def test_nothing_compiled_or_hidden_is_taken_from_a_folder(tmp_path: Path) -> None:
    for name in ("code.py", "__pycache__/code.cpython-312.pyc", ".secret", "inner/data.json", "old.pyc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    assert [name for name, _ in of_folder(tmp_path, "top")] == ["top/code.py", "top/inner/data.json"]


def test_a_wheel_is_laid_out_as_installed(tmp_path: Path) -> None:
    wheel = tmp_path / "a-1-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("a/code.py", "a-1.data/purelib/b/code.py", "a-1.data/scripts/run", "a-1.dist-info/METADATA"):
            archive.writestr(name, "x")

    assert sorted(name for name, _ in of_wheel(wheel)) == ["a-1.dist-info/METADATA", "a/code.py", "b/code.py"]

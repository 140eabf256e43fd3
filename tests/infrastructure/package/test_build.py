from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from infrastructure.package.__main__ import whole_digest
from infrastructure.package.archive import Archive
from infrastructure.package.build import UNZIPPED_LIMIT, NotOurs, TooLarge, build, check_sizes
from infrastructure.template.expand import expanded
from infrastructure.template.layers import LAYERS
from infrastructure.template.places import RUNTIME
from tests.infrastructure.package.conftest import CACHE, DEPLOYED
from tests.infrastructure.sample_project import REPOSITORY

Dist = tuple[Path, dict[str, Archive]]
TEMPLATE_LIMIT = 1024 * 1024


def files(path: Path) -> list[str]:
    return zipfile.ZipFile(path).namelist()


def test_two_builds_are_the_same_bytes(dist: Dist, tmp_path: Path) -> None:
    out, _ = dist

    build(REPOSITORY, tmp_path / "again", DEPLOYED, CACHE)

    assert whole_digest(tmp_path / "again") == whole_digest(out)


def test_a_folder_with_other_things_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work")

    with pytest.raises(NotOurs, match="holds other things"):
        build(REPOSITORY, tmp_path, DEPLOYED, CACHE)

    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_build_that_fails_leaves_the_one_before_it(
    dist: Dist, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist" / "mediawright.json").write_text("before")
    monkeypatch.setattr("infrastructure.package.contents.engine", lambda *_: {})
    monkeypatch.setattr("infrastructure.package.contents.operators", lambda *_: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        build(REPOSITORY, tmp_path / "dist", DEPLOYED, CACHE)

    assert [path.name for path in tmp_path.iterdir()] == ["dist"]
    assert (tmp_path / "dist" / "mediawright.json").read_text() == "before"


def test_the_engines_archive_is_small_and_brings_nothing_that_the_image_has(dist: Dist) -> None:
    out, archives = dist

    assert archives["engine"].size < 12_000_000
    tops = {name.split("/")[0] for name in files(out / "engine.zip")}
    assert tops.isdisjoint({"boto3", "botocore", "jmespath", "s3transfer", "dateutil", "six.py", "urllib3"})
    assert {"app.py", "chalicelib", "chalice", "jsonschema"} <= tops
    assert [name for name in files(out / "engine.zip") if name.startswith("chalice/")] == [
        "chalice/__init__.py",
        "chalice/app.py",
    ]


def test_the_operators_archive_holds_operators_their_helper_and_what_all_need(dist: Dist) -> None:
    names = files(dist[0] / "operators.zip")

    own = {name.split("/")[0] for name in names} - {name.split("/")[0] for name in names if ".dist-info/" in name}
    assert {"operators", "mediawright", "jsonschema"} <= own
    assert own.isdisjoint({"chalicelib", "app.py", "infrastructure", "av", "PIL"})
    assert not [name for name in names if name.startswith(("mediawright/cli", "mediawright/client"))]


def test_the_helpers_layer_is_python_alone_where_lambda_looks_for_it(dist: Dist) -> None:
    names = files(dist[0] / "layer-helper.zip")

    assert {"python/mediawright/operator.py", "python/MediaInsightsEngineLambdaHelper/__init__.py"} <= set(names)
    assert not [name for name in names if not name.endswith((".py", ".py.typed", ".json")) and "py.typed" not in name]
    assert not [name for name in names if name.startswith(("python/mediawright/cli", "python/mediawright/client"))]


def test_nothing_compiled_is_packaged(dist: Dist) -> None:
    out, archives = dist

    compiled = [name for archive in archives for name in files(out / f"{archive}.zip") if name.endswith(".pyc")]
    assert compiled == []


def test_every_function_with_its_layers_fits_lambda(dist: Dist) -> None:
    out, archives = dist
    resources = json.loads((out / "operators.json").read_text())["Resources"]
    layers = {name: entry["Properties"]["Content"] for name, entry in resources.items() if name.endswith("Layer")}

    for name, entry in resources.items():
        if entry["Type"] == "AWS::Lambda::Function" and entry["Properties"].get("PackageType") != "Image":
            used = [
                entry["Properties"]["Code"],
                *(layers[ref["Ref"]] for ref in entry["Properties"].get("Layers", [])),
            ]
            assert sum(archives[file.removesuffix(".zip")].unzipped for file in used) <= UNZIPPED_LIMIT, name


def test_ffmpeg_beside_pyav_is_refused_before_aws_does() -> None:
    sizes = {"operators": 2_000_000, "layer-pyav": 131_000_000, "layer-ffmpeg": 173_000_000}

    check_sizes([{"Name": "Cut", "Layers": ["ffmpeg"]}], sizes)
    with pytest.raises(TooLarge, match="the function of Cut and its layers are 306,000,000 bytes unzipped"):
        check_sizes([{"Name": "Cut", "Layers": ["ffmpeg", "pyav"]}], sizes)


def test_the_templates_name_the_archives_beside_them_and_fit_cloudformation(dist: Dist) -> None:
    out, archives = dist
    core, library = (json.loads((out / name).read_text()) for name in ("mediawright.json", "operators.json"))
    functions = [
        entry["Properties"] for entry in core["Resources"].values() if "Serverless::Function" in entry["Type"]
    ]

    assert {function["CodeUri"] for function in functions} == {"engine.zip"}
    assert {tuple(function["Architectures"]) for function in functions} == {("x86_64",)}
    assert core["Resources"]["OperatorLibrary"]["Properties"]["TemplateURL"] == "operators.json"
    given = [entry["Properties"] for entry in library["Resources"].values()]
    named = {code for entry in given if isinstance(code := entry.get("Code") or entry.get("Content"), str)}
    assert {f"{name}.zip" for name in archives} == named | {"engine.zip", "layer-helper.zip"}
    plain = expanded(REPOSITORY)  # differs in the archives' addresses alone
    for template in (core, plain, library):
        assert len(json.dumps(template)) < TEMPLATE_LIMIT
        assert len(template["Resources"]) <= 500
        assert len(template["Outputs"]) <= 200


def test_the_images_folder_holds_all_that_its_dockerfile_copies(dist: Dist) -> None:
    folder = dist[0] / "image"
    copied = [line.split()[1] for line in (folder / "Dockerfile").read_text().splitlines() if line.startswith("COPY")]

    assert all((folder / name).exists() for name in copied)
    pins = (folder / "requirements.txt").read_text().splitlines()
    assert {"av", "imageio-ffmpeg", "pillow", "pymediainfo"} <= {pin.split("==")[0] for pin in pins}
    assert all("--hash=sha256:" in pin for pin in pins)
    assert f"FROM public.ecr.aws/lambda/python:{DEPLOYED.python}" in (folder / "Dockerfile").read_text()
    last = (folder / "Dockerfile").read_text().splitlines()[-1]
    module = json.loads(last.removeprefix("CMD "))[0].rsplit(".", 1)[0]
    assert (folder / "code" / (module.replace(".", "/") + ".py")).exists()


def test_the_page_on_deploying_names_every_file_and_layer(dist: Dist) -> None:
    page = (REPOSITORY / "docs" / "deploy.md").read_text(encoding="utf-8")

    built = [path.name for path in dist[0].iterdir() if path.is_file()]
    assert [name for name in (*built, *LAYERS) if f"`{name}`" not in page] == []


def test_what_is_deployed_runs_on_the_python_that_archives_are_built_for() -> None:
    assert f"python{DEPLOYED.python}" == RUNTIME

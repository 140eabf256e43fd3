"""What `make package` builds, uploaded as the AWS CLI does it, is a stack whose functions have the archives' code."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws

from infrastructure.local.endpoint import s3_adapters
from infrastructure.local.stack.deploy import deploy
from infrastructure.package.archive import Archive

Dist = tuple[Path, dict[str, Archive]]
BUCKET = "archives"


@pytest.fixture
def client() -> Iterator[Any]:
    s3_adapters.install("http://127.0.0.1:1")
    with mock_aws():
        make: Any = boto3.client
        yield cache(lambda service: make(service, region_name="us-east-1"))


def uploaded(template: Any) -> Any:
    """The template with addresses in S3 for the paths beside it, each in the form that its property takes."""
    if isinstance(template, list):
        return [uploaded(item) for item in template]
    if not isinstance(template, dict):
        return template
    changed = {}
    for key, value in template.items():
        if key in ("CodeUri", "ContentUri") and isinstance(value, str):
            changed[key] = f"s3://{BUCKET}/{value}"
        elif key in ("Code", "Content") and isinstance(value, str):
            changed[key] = {"S3Bucket": BUCKET, "S3Key": value}
        elif key == "TemplateURL":
            changed[key] = f"https://s3.us-east-1.amazonaws.com/{BUCKET}/{value}"
        else:
            changed[key] = uploaded(value)
    return changed


def test_the_built_stack_is_created_with_its_code(dist: Dist, client: Any) -> None:
    out, archives = dist
    client("s3").create_bucket(Bucket=BUCKET)
    for archive in archives.values():
        client("s3").upload_file(str(archive.path), BUCKET, archive.path.name)
    library = uploaded(json.loads((out / "operators.json").read_text()))
    client("s3").put_object(Bucket=BUCKET, Key="operators.json", Body=json.dumps(library))

    # registering asks a function, and none runs here
    parameters = {"RegisterMediaOperations": "No"}
    template = uploaded(json.loads((out / "mediawright.json").read_text()))
    stack = deploy(template, client, "http://127.0.0.1:8000/api/", parameters=parameters)

    code = {archive.path.name: archive.sha256 for archive in archives.values()}
    for function in stack.functions:
        configuration = client("lambda").get_function_configuration(FunctionName=function.name)
        wanted = code["operators.zip" if function.handler.startswith("operators.") else "engine.zip"]
        assert base64.b64decode(configuration["CodeSha256"]).hex() == wanted, function.name
    assert {"APIHandler", "OperatorThumbnail"} <= {function.logical_id for function in stack.functions}
    assert stack.outputs["MediaOperatorThumbnailArn"].endswith("OperatorThumbnail")

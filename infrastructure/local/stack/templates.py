"""Templates as they arrive: JSON or YAML, in the request or in S3, with SAM's transform, with local code."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

from infrastructure.local.stack.order import BadTemplate
from infrastructure.template.expand import expand
from infrastructure.template.fragments import parse

Template = dict[str, Any]

WORKING_TREE_BUCKET = "working-tree"
WORKING_TREE_CODE = {"ZipFile": "# read from the working tree\n"}
"""Stands for an archive in a function that is run from the working tree."""

_STAND_INS: dict[str, tuple[str, dict[str, str]]] = {
    "AWS::Lambda::Function": ("Code", WORKING_TREE_CODE),
    # The bytes of an archive of nothing: what a layer would bring is installed here.
    "AWS::Lambda::LayerVersion": ("Content", {"ZipFile": base64.b64encode(b"PK\5\6" + bytes(18)).decode()}),
}
"""What has an archive, the property that says where it lies, and what is there instead."""

_SAM = "AWS::Serverless-2016-10-31"
_LOCAL: dict[str, Template] = {}


def read(text: str) -> Template:
    """A template in plain CloudFormation. Raises BadTemplate for a text that is none."""
    try:
        document = json.loads(text)
    except ValueError:
        document = _yaml(text)
    if not isinstance(document, dict) or not isinstance(document.get("Resources"), dict) or not document["Resources"]:
        raise BadTemplate("Template format error: At least one Resources member must be defined.")
    plain = expand(document) if document.get("Transform") in (_SAM, [_SAM]) else document
    _check_resources(plain)
    return readable_code(plain)


def _yaml(text: str) -> Any:
    try:
        return parse(text)
    except yaml.YAMLError as error:
        raise BadTemplate(f"Template format error: YAML not well-formed. {error}") from error


def _check_resources(template: Template) -> None:
    for name, resource in template["Resources"].items():
        if not isinstance(resource, dict) or not isinstance(resource.get("Type"), str):
            problem = f"[/Resources/{name}] Every Resources object must contain a Type member."
            raise BadTemplate(f"Template format error: {problem}")
        resource.setdefault("Properties", {})


def readable_code(template: Template) -> Template:
    """The template with a stand-in for every archive of the working tree: such code is read where it lies."""
    for resource in template["Resources"].values():
        where, stand_in = _STAND_INS.get(resource["Type"], ("", {}))
        archive = resource.get("Properties", {}).get(where)
        if isinstance(archive, dict) and archive.get("S3Bucket") == WORKING_TREE_BUCKET:
            resource["Properties"][where] = dict(stand_in)
    return template


def keep_nested(templates: Mapping[str, Template]) -> None:
    """Serve these templates of nested stacks by their TemplateURL, which may be a file's name, from memory."""
    _LOCAL.update(templates)


def forget_nested() -> None:
    """Forget the templates in memory."""
    _LOCAL.clear()


def at(url: str, client: Any) -> str:
    """The text of the template at a TemplateURL. Raises BadTemplate when nothing lies there."""
    if url in _LOCAL:
        return json.dumps(_LOCAL[url])
    bucket, key = _place(url)
    s3 = client("s3")
    try:
        body: bytes = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except (s3.exceptions.NoSuchKey, s3.exceptions.NoSuchBucket) as error:
        raise BadTemplate(f"S3 error: no template at {url}") from error
    return body.decode()


def _place(url: str) -> tuple[str, str]:
    """Bucket and key of S3's forms of address: bucket in the host, or first in the path; s3:// too."""
    parts = urlsplit(url)
    path = PurePosixPath(unquote(parts.path).lstrip("/"))
    host = parts.netloc
    if parts.scheme == "s3":
        bucket, key = host, str(path)
    elif parts.scheme in ("http", "https") and ".s3" in host and host.endswith("amazonaws.com"):
        bucket, key = host.split(".s3")[0], str(path)
    elif parts.scheme in ("http", "https") and len(path.parts) > 1:
        bucket, key = path.parts[0], str(PurePosixPath(*path.parts[1:]))
    else:
        bucket, key = "", ""
    if not bucket or not key:
        raise BadTemplate(f"TemplateURL must be a supported URL: {url}")
    return bucket, key

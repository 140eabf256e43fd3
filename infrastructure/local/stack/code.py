"""A function's code as a template gives it, in the form that Lambda's own operations take."""

from __future__ import annotations

from typing import Any

import moto.awslambda.models as moto_lambda

_FUNCTION: Any = moto_lambda.LambdaFunction


def archive(properties: dict[str, Any]) -> dict[str, Any]:
    """The arguments of UpdateFunctionCode: an archive of the inline code, or where the archive lies."""
    code: dict[str, Any] = properties["Code"]
    if "ZipFile" in code:
        # as at creation: index.py and the module cfnresponse beside it
        return {"ZipFile": _FUNCTION._create_zipfile_from_plaintext_code(code["ZipFile"])}
    return {name: code[name] for name in ("S3Bucket", "S3Key", "S3ObjectVersion", "ImageUri") if name in code}

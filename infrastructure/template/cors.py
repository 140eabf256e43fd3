"""What API Gateway itself answers to browsers' preflights names the origin of the parameter `CorsAllowedOrigins`."""

from __future__ import annotations

from typing import Any

_HEADER = "method.response.header.Access-Control-Allow-Origin"
_ORIGIN = {"Fn::If": ["HasOneOrigin", {"Fn::Select": [0, {"Ref": "CorsAllowedOrigins"}]}, "*"]}


def name_origin(body: dict[str, Any]) -> None:
    """Put the origin into every preflight of the API's description, which Chalice writes for any origin.

    The header can name one origin and API Gateway can't choose, so of several it is `*`: a preflight only says that
    the browser may send its (signed) request, and who may read the answer is said by the answer's own header.
    """
    for methods in body["paths"].values():
        if "options" in methods:
            answers = methods["options"]["x-amazon-apigateway-integration"]["responses"]
            for answer in answers.values():
                answer["responseParameters"][_HEADER] = {"Fn::Sub": ["'${Origin}'", {"Origin": _ORIGIN}]}

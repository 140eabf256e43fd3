"""What a request asks for, as the parameters of its operation. The rules for these live in `mediawright.media`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from chalicelib.jobs.kinds import Kind
from chalicelib.web.errors import BadRequestError, shown


def of(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """The operation's parameters; raises BadRequestError, naming the request's field, for the first that won't do."""
    from mediawright import media

    given = {**kind.defaults, **{name: value for name, value in body.items() if name in kind.fields}}
    parameters = {**kind.fixed, **{kind.fields[name]: _spelled(kind, name, value) for name, value in given.items()}}
    if "Codec" in parameters:
        parameters["Codec"] = _codec(parameters)
    try:
        return media.check(kind.operation, parameters)
    except media.InvalidParameter as error:
        names = {parameter: name for name, parameter in kind.fields.items()}
        name = names.get(error.field, error.field)
        raise BadRequestError(f"{name}: {error.reason}", (name,)) from None


def _spelled(kind: Kind, name: str, value: Any) -> Any:
    if name == "output_format" and isinstance(value, str):
        return value.strip().lower().removeprefix(".")
    if name == "quality" and kind.fixed.get("OutputFormat") == "avif":
        return _from_crf(value)
    return value


def _from_crf(value: Any) -> Any:
    """AVIF's quality counts the other way round in the request: on AV1's own scale, 0 is best and 63 worst."""
    from mediawright.media import codecs

    try:
        return codecs.quality_of_avif_crf(value)
    except ValueError:
        raise BadRequestError(f"quality: {shown(value)} is not between 0 (best) and 63", ("quality",)) from None


def _codec(parameters: Mapping[str, Any]) -> Any:
    """A codec by its own or its encoder's name; where the container takes no such one, the container's usual."""
    from mediawright.media import codecs

    try:
        return codecs.fitting(parameters["OutputFormat"], parameters["Codec"])
    except KeyError:
        # one of the two is unknown, which the schema says in its own words
        return codecs.ENCODERS.get(parameters["Codec"], parameters["Codec"])

from __future__ import annotations

from typing import Any

import pytest

from chalicelib.triggers.mapping import resolved
from chalicelib.web.errors import BadRequestError

EVENT = {"detail": {"bucket": "b", "a/b": {"~": "deep"}, "list": ["zero", {"k": "one"}], "": "empty"}}


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/detail/bucket", "b"),
        ("/detail/a~1b/~0", "deep"),
        ("/detail/list/0", "zero"),
        ("/detail/list/1/k", "one"),
        ("/detail/", "empty"),
    ],
)
def test_a_pointer_stands_for_what_the_event_has_there(pointer: str, value: str) -> None:
    assert resolved({"AssetId": {"Pointer": pointer}}, EVENT) == {"AssetId": value}


@pytest.mark.parametrize(
    "pointer",
    ["/detail/none", "/detail/list/2", "/detail/list/-1", "/detail/list/01", "/detail/bucket/0", "/__class__"],
)
def test_a_pointer_to_nothing_is_refused_by_name(pointer: str) -> None:
    with pytest.raises(BadRequestError, match=r"^Input\.Media\.Video\.S3Key: the event has nothing at"):
        resolved({"Media": {"Video": {"S3Bucket": "b", "S3Key": {"Pointer": pointer}}}}, EVENT)


def test_a_medium_may_be_called_pointer() -> None:
    place: dict[str, Any] = {"S3Bucket": "b", "S3Key": "k"}

    assert resolved({"Media": {"Pointer": place}}, EVENT) == {"Media": {"Pointer": place}}

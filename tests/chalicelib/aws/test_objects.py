from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.aws import objects
from chalicelib.aws.clients import client

KEY = "private/batches/b/bad-lines.jsonl"


@pytest.mark.parametrize("length", [1, 9_000_000, 2 * 8_388_608, 20_000_000])
def test_pieces_of_any_number_make_one_object(aws: None, length: int) -> None:
    text = "läng\n" * (length // 5)

    objects.put_pieces(KEY, (text[start : start + 70_000] for start in range(0, len(text), 70_000)))

    assert objects.get_text(KEY) == text


def test_an_object_stays_as_it_was_until_the_new_one_is_whole(aws: None) -> None:
    objects.put_text(KEY, "before")

    def breaks_off() -> Iterator[str]:
        yield from ["x" * 1_000_000] * 9
        assert client("s3").list_multipart_uploads(Bucket="test-data")["Uploads"]
        raise TimeoutError

    with pytest.raises(TimeoutError):
        objects.put_pieces(KEY, breaks_off())

    assert objects.get_text(KEY) == "before"

"""Cutting manifests into chunks, and chunks into items."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.batches import manifest
from chalicelib.batches.manifest import Chunk, Entry

ITEM = {"Input": {"AssetId": "a"}}


def cut(text: bytes, block: int = 7) -> list[Chunk]:
    return list(manifest.chunks(text[start : start + block] for start in range(0, len(text), block)))


def read(text: bytes) -> list[Entry]:
    entries = []
    for chunk in cut(text, 1000):
        overlong = manifest.too_long(chunk)
        entries += [overlong] if overlong else manifest.entries(text[chunk.Begin : chunk.End], chunk.Line)
    return entries


@given(st.lists(st.binary(max_size=30).map(lambda line: line.replace(b"\n", b" ")), max_size=450), st.booleans())
def test_chunks_cover_a_manifest_without_a_gap_and_know_their_lines(lines: list[bytes], is_ended: bool) -> None:
    text = b"\n".join(lines) + (b"\n" if is_ended else b"")

    chunks = cut(text, 64)

    assert b"".join(text[chunk.Begin : chunk.End] for chunk in chunks) == text
    for chunk in chunks:
        assert text[: chunk.Begin].count(b"\n") == chunk.Line - 1
        assert text[chunk.Begin : chunk.End].count(b"\n") <= manifest.CHUNK_LINES


def test_a_line_that_is_too_long_is_a_chunk_that_is_not_read() -> None:
    good = json.dumps(ITEM).encode()
    text = b"\n".join([good, b"x" * (manifest.MAX_LINE_BYTES + 1), good, b"y" * (manifest.MAX_LINE_BYTES + 1)])

    entries = read(text)

    assert [entry.place["Line"] for entry in entries] == [1, 2, 3, 4]
    assert [entry.item for entry in entries] == [ITEM, None, ITEM, None]
    assert "it may have 262144" in (entries[1].wrong or "")


@pytest.mark.parametrize(
    ("line", "wrong"),
    [
        (b"nonsense", "The line is not valid JSON"),
        (b"[1]", "[1] is not of type object"),
        (b"{}", "'Input' is a required property"),
        (b'{"Input": {}}', "Input: an object with AssetId or Media is expected"),
        (b'{"Input": {"Media": {}}}', "Input.Media"),
        (b'{"Input": {"AssetId": 3}}', "Input.AssetId: 3 is not of type string"),
        (b'{"Input": {"AssetId": "a"}, "Priority": 10}', "Priority"),
        (b'{"Input": {"AssetId": "a"}, "Name": "other"}', "'Name' was unexpected"),
        (b'{"Input": {"AssetId": "\\ud800"}}', "surrogate"),
        (b'{"Input": {"AssetId": "a"}, "Configuration": {"x": 1e400}}', "1e400"),
        (b'{"Input": "\xff"}', "The line is not UTF-8 text"),
    ],
)
def test_a_bad_line_says_what_is_wrong_with_it(line: bytes, wrong: str) -> None:
    (entry,) = read(line)

    assert entry.item is None
    assert wrong in (entry.wrong or "")


def test_empty_lines_and_a_byte_order_mark_are_nothing() -> None:
    text = b"\xef\xbb\xbf" + json.dumps(ITEM).encode() + b"\r\n\n  \n" + json.dumps(ITEM).encode()

    assert [(entry.place, entry.item) for entry in read(text)] == [({"Line": 1}, ITEM), ({"Line": 4}, ITEM)]


def test_objects_become_items_by_what_their_keys_tell() -> None:
    found: list[dict[str, Any]] = [
        {"Key": "in/", "Size": 0},
        {"Key": "in/a.mp4", "Size": 1},
        {"Key": "in/b.bin", "Size": 1},
    ]

    entries = list(manifest.objects_entries(found, "media", None))

    assert entries[0].item == {"Input": {"Media": {"Video": {"S3Bucket": "media", "S3Key": "in/a.mp4"}}}}
    assert entries[1].place == {"Key": "in/b.bin"}
    assert "Prefix.MediaType" in (entries[1].wrong or "")
    assert [entry.wrong for entry in manifest.objects_entries(found, "media", "Image")] == [None, None]


def test_a_runs_id_follows_from_batch_and_place() -> None:
    batch = "019a7c52-5b1e-7c3d-9a51-6f6f0a6a4b11"

    assert Entry({"Line": 1}, ITEM).run_id(batch) == Entry({"Line": 1}, None).run_id(batch)
    assert len({Entry(place, ITEM).run_id(batch) for place in ({"Line": 1}, {"Line": 2}, {"Key": "1"})}) == 3

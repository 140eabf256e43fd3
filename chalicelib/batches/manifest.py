"""Manifests: text of one item a line, in JSON. Cut into chunks by position, read chunk by chunk, line by line.

The state machine's map goes over the chunks, not over the lines: so a line that isn't JSON is one bad line among
others, every line knows its number, and no line has to be small enough for Step Functions.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from typing import Any

from chalicelib.assets import media_types
from chalicelib.web import documents
from chalicelib.web.errors import BadRequestError
from chalicelib.web.validation import validate

CHUNK_LINES = 100
"""How many items one invocation checks or submits."""
MAX_LINE_BYTES = 262_144
"""Also the most that a chunk of several lines holds."""
_TOO_LONG = f"the line has {{}} bytes; it may have {MAX_LINE_BYTES}"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Chunk:
    """Lines of a manifest: bytes from `Begin` up to, without, `End`; `Line` is the first one's number, from 1."""

    Begin: int
    End: int
    Line: int


@dataclass(frozen=True)
class Entry:
    """One item of a batch: where it stands, and what it says or why it says nothing."""

    place: dict[str, Any]
    """`{"Line": number}` or `{"Key": key}`."""
    item: dict[str, Any] | None
    wrong: str | None = None

    def run_id(self, batch_id: str) -> str:
        """The id of its run: the same whenever the entry is delivered."""
        ((kind, where),) = self.place.items()
        return str(uuid.uuid5(uuid.UUID(batch_id), f"{kind}/{where}"))

    def bad(self, message: str) -> dict[str, Any]:
        """What a report says of it."""
        return {**self.place, "Message": message[:1000]}


def chunks(blocks: Iterable[bytes]) -> Iterator[Chunk]:
    """Cut a manifest, given block by block, into chunks; only a line that is too long makes a chunk that is."""
    begin = line_begin = 0
    first_line = line = 1
    for end in _line_ends(blocks):
        if end - begin > MAX_LINE_BYTES and line_begin > begin:
            yield Chunk(begin, line_begin, first_line)
            begin, first_line = line_begin, line
        line += 1
        if line - first_line >= CHUNK_LINES or end - begin > MAX_LINE_BYTES:
            yield Chunk(begin, end, first_line)
            begin, first_line = end, line
        line_begin = end
    if line_begin > begin:
        yield Chunk(begin, line_begin, first_line)


def _line_ends(blocks: Iterable[bytes]) -> Iterator[int]:
    """Where each line ends, its newline included."""
    position = end = 0
    for block in blocks:
        found = -1
        while (found := block.find(b"\n", found + 1)) >= 0:
            end = position + found + 1
            yield end
        position += len(block)
    if position > end:
        yield position


def index_line(chunk: Chunk) -> str:
    """A chunk as a JSON line, an item of the map."""
    return documents.compact(asdict(chunk)) + "\n"


def too_long(chunk: Chunk) -> Entry | None:
    """The one entry of a chunk whose line is longer than a line may be: it isn't even read."""
    size = chunk.End - chunk.Begin
    return Entry({"Line": chunk.Line}, None, _TOO_LONG.format(size)) if size > MAX_LINE_BYTES else None


def entries(text: bytes, first_line: int) -> Iterator[Entry]:
    """The items of a chunk's bytes; empty lines are none."""
    for number, line in enumerate(text.split(b"\n"), first_line):
        bare = line.removeprefix(_BYTE_ORDER_MARK) if number == 1 else line
        if bare.strip():
            yield _entry(bare, number)


def _entry(line: bytes, number: int) -> Entry:
    try:
        item = documents.parse(line)
        validate("batches/item", item)
    except BadRequestError as error:
        return Entry({"Line": number}, None, str(error).removeprefix("body: ").replace("The body", "The line", 1))
    return Entry({"Line": number}, item)


def objects_entries(found: Iterable[dict[str, Any]], bucket: str, media_type: str | None) -> Iterator[Entry]:
    """The items of a page of S3's list of a prefix; the empty objects that mark folders are none."""
    for entry in found:
        key = entry["Key"]
        if key.endswith("/") and not entry["Size"]:
            continue
        kind = media_type or media_types.inferred("", key)
        if kind is None:
            yield Entry({"Key": key}, None, "the key doesn't tell the type of the medium; give Prefix.MediaType")
        else:
            yield Entry({"Key": key}, {"Input": {"Media": {kind: {"S3Bucket": bucket, "S3Key": key}}}})


def lines(items: Iterable[dict[str, Any]]) -> str:
    """Items as a manifest's text."""
    return "".join(documents.compact(item) + "\n" for item in items)

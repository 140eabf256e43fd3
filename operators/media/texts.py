"""Reading text of unknown encoding, and cutting it into words and sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from mediawright import InvalidInput

MAX_BYTES = 10_000_000
_MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\x00\x00", "utf-32-le"),
    (b"\x00\x00\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
_NOT_TEXT = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_WORD = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]"  # Chinese and Japanese write no spaces: a character is a word
    r"|[^\W\d_\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff]+(?:['\u2019-][^\W\d_]+)*"
)
_SENTENCE_END = re.compile(
    r"(?<![.!?\u2026])[.!?\u2026]+[\"'\u2019\u201d)\]]*(?=\s|$)|[\u3002\uff01\uff1f]+|\n[ \t]*\n"
)


@dataclass(frozen=True)
class Text:
    """A text, and how its bytes were read; `certain` is false when the encoding is only the likeliest."""

    content: str
    encoding: str
    mark: bool
    certain: bool
    size: int


def read(path: Path) -> Text:
    """Read a text file. Raises InvalidInput for what is too large or no text."""
    size = path.stat().st_size
    if size > MAX_BYTES:
        raise InvalidInput(f"the text has {size} bytes, more than the {MAX_BYTES} allowed")
    text = _decoded(path.read_bytes())
    odd = len(_NOT_TEXT.findall(text.content))
    if odd > max(2, len(text.content) // 1000):
        raise InvalidInput("the file is no text: it is full of control characters")
    return text


def words(content: str) -> list[str]:
    """Return the words of a text, as written; numbers are none."""
    return _WORD.findall(content)


def sentences(content: str) -> list[str]:
    """Return the pieces between marks that end sentences, or empty lines, that hold a word."""
    return [piece.strip() for piece in _SENTENCE_END.split(content) if _WORD.search(piece)]


def _decoded(content: bytes) -> Text:
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return _marked(content, mark, encoding)
    if not _wide(content):
        try:
            return Text(content.decode("utf-8"), "utf-8", False, True, len(content))
        except UnicodeDecodeError:
            pass
    return _guess(content)


def _marked(content: bytes, mark: bytes, encoding: str) -> Text:
    try:
        return Text(content[len(mark) :].decode(encoding), encoding, True, True, len(content))
    except UnicodeDecodeError as fault:
        raise InvalidInput(f"the text is marked as {encoding}, but byte {fault.start} is not") from None


def _wide(content: bytes) -> str | None:
    """UTF-16 without a mark: in most languages every other byte of it is often zero."""
    sample = content[:4096]
    if len(sample) < 4 or len(content) % 2:
        return None
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if odd > len(sample) * 0.2 and even < odd // 10 + 1:
        return "utf-16-le"
    if even > len(sample) * 0.2 and odd < even // 10 + 1:
        return "utf-16-be"
    return None


def _guess(content: bytes) -> Text:
    for encoding in (_wide(content), "cp1252", "latin-1"):
        try:
            if encoding:
                return Text(content.decode(encoding), encoding, False, False, len(content))
        except UnicodeDecodeError:
            continue
    raise InvalidInput("the file is no text of a known encoding")

"""`TextEncoding`: how a text is encoded, and a clean copy in UTF-8 with plain line ends."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from typing import Any

from mediawright import Task, operator
from operators.media import operation, texts

_LINE_END = re.compile(r"\r\n|\r|\n")
_LINE_END_NAMES = {"\r\n": "CRLF", "\r": "CR", "\n": "LF"}


def examined(text: texts.Text) -> dict[str, Any]:
    """Return how a text is encoded, and what in it may surprise a reader."""
    content = text.content
    ends = Counter(_LINE_END_NAMES[end] for end in _LINE_END.findall(content))
    characters, categories = Counter(content), Counter[str]()
    for character, found in characters.items():
        categories[unicodedata.category(character)] += found
    return {
        "Encoding": text.encoding,
        "Certain": text.certain,
        "ByteOrderMark": text.mark,
        "Bytes": text.size,
        "Characters": len(content),
        "NonAscii": sum(found for character, found in characters.items() if character > "\x7f"),
        "LineEnds": dict(sorted(ends.items())),
        "Tabs": content.count("\t"),
        "InvisibleCharacters": categories["Cf"],
        "PrivateOrUnassigned": categories["Co"] + categories["Cn"],
        "ReplacementCharacters": content.count("\ufffd"),
        "Composed": unicodedata.is_normalized("NFC", content),
        "EndsWithNewline": content.endswith(("\n", "\r")),
    }


def cleaned(content: str) -> str:
    """Return a text composed (NFC), with LF as the only line end, and one at the end."""
    plain = unicodedata.normalize("NFC", _LINE_END.sub("\n", content))
    return plain if plain.endswith("\n") or not plain else plain + "\n"


@operator(configuration_schema=operation.schema_beside(__file__))
def lambda_handler(task: Task) -> None:
    text = texts.read(operation.fetched(task))
    found = examined(text)
    path = task.directory / "plain.txt"
    path.write_bytes(cleaned(text.content).encode("utf-8", "replace"))
    summary = operation.some(found, ("Encoding", "Certain", "ByteOrderMark", "LineEnds"))
    operation.report(task, {**found, "PlainText": operation.publish(task, "PlainText", path)}, summary)

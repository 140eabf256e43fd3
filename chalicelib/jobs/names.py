"""What a downloaded result is called."""

from __future__ import annotations

import re
from urllib.parse import quote

_MAX_STEM = 100
_UNSAFE = re.compile(r'[\x00-\x1f\x7f"\\/:*?<>|;%]')


def result_name(given: str, key: str) -> str:
    """The name of the file that came in, with the ending of the one that was made."""
    stem = given.replace("\\", "/").rpartition("/")[2]
    stem = stem.rpartition(".")[0] or stem
    stem = _UNSAFE.sub("_", stem).strip(" .")[:_MAX_STEM] or "result"
    last = key.rpartition("/")[2]
    ending = last.rpartition(".")[2] if "." in last else ""
    return f"{stem}.{ending}" if ending else stem


def disposition(name: str) -> str:
    """The Content-Disposition of a download (RFC 6266): plain for old clients, exact for the others."""
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    text = f'attachment; filename="{plain}"'
    return text if plain == name else f"{text}; filename*=UTF-8''{quote(name, safe='')}"

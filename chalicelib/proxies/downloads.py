"""The files that Transcribe and Translate keep, fetched from the presigned addresses that they tell."""

from __future__ import annotations

from chalicelib.web.errors import BadGatewayError, BadRequestError, NotFoundError

MAX_BYTES = 4_000_000
"""What fits into an answer of Lambda's (6 MB) once it is text in JSON, unless most of it needs an escape."""
_CONNECT_SECONDS = 3
_READ_SECONDS = 8


def text(url: str | None, where: str) -> str:
    """The file at a presigned address as text; `where` says which route and member tell the address.

    Raises NotFoundError when AWS told no address, BadRequestError for a file that is too large for an answer or no
    UTF-8, and BadGatewayError when it can't be had.
    """
    if not url:
        raise NotFoundError("There is no file to it yet, or it failed")
    content = _fetched(url)
    if len(content) > MAX_BYTES:
        raise BadRequestError(
            f"The file has more than the {MAX_BYTES} bytes that an answer carries; get it from the address in {where}"
        )
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise BadRequestError(f"The file is not UTF-8 text; get it from the address in {where}") from None


def rows(table: str) -> list[dict[str, str]]:
    """The rows of a tab-separated table by the names in its first line. Empty lines are none; cells that a row lacks
    are empty."""
    header, *others = [line.split("\t") for line in table.splitlines() if line.strip()] or [[]]
    return [dict(zip(header, [*cells, *[""] * len(header)], strict=False)) for cells in others]


def _fetched(url: str) -> bytes:
    """The first bytes of the file, one more than an answer carries if there are so many."""
    from urllib3 import PoolManager, Timeout
    from urllib3.exceptions import HTTPError

    timeout = Timeout(connect=_CONNECT_SECONDS, read=_READ_SECONDS)
    with PoolManager(timeout=timeout, retries=False) as pool:
        try:
            answer = pool.request("GET", url, preload_content=False)
            content: bytes = answer.read(MAX_BYTES + 1)
            answer.close()
        except HTTPError as error:
            # in our own words: the library's tell the address, which is a key to the file
            raise BadGatewayError(f"The file could not be fetched: {type(error).__name__}") from None
    if answer.status != 200:
        raise BadGatewayError(f"The file could not be fetched: S3 answered {answer.status}")
    return content

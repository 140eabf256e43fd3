"""Cursors are opaque, signed, and good for the list that gave them out only."""

from __future__ import annotations

import pytest

from chalicelib.web import paging
from chalicelib.web.errors import BadRequestError
from chalicelib.web.room import Request

pytestmark = pytest.mark.usefixtures("aws")


def request(**query: str) -> Request:
    return Request({}, query, None, b"", {}, "id", False, "/api/list", "me")


def test_a_cursor_comes_back_as_the_position_it_was_made_of() -> None:
    cursor = paging.encode("list", {"month": "2026-11", "key": {"Id": "1"}})

    assert paging.decode("list", cursor) == {"month": "2026-11", "key": {"Id": "1"}}


def test_the_key_is_made_once_for_all_processes() -> None:
    cursor = paging.encode("list", {"n": 1})
    paging._key.cache_clear()

    assert paging.decode("list", cursor) == {"n": 1}


@pytest.mark.parametrize("cursor", ["", "x", "AAAA", "é", "=" * 40, "a" * 5000, "%00"])
def test_a_made_up_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(BadRequestError, match="cursor: this is not a cursor"):
        paging.decode("list", cursor)


def test_a_cursor_that_was_altered_or_is_of_another_list_is_refused() -> None:
    cursor = paging.encode("list", {"n": 1})
    altered = cursor[:-2] + ("A" if cursor[-2] != "A" else "B") + cursor[-1]

    for purpose, text in (("other", cursor), ("list", altered)):
        with pytest.raises(BadRequestError):
            paging.decode(purpose, text)


def test_the_link_leads_to_the_next_page_with_the_same_question() -> None:
    answer = paging.page(request(limit="2"), "list", [1, 2], {"n": 2})

    assert answer.headers["Link"].startswith("</api/list?limit=2&cursor=")
    assert answer.headers["Link"].endswith('>; rel="next"')
    assert paging.page(request(), "list", [], None).headers == {}


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "x", "", "1001", "99999999999", "²"])
def test_a_limit_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(BadRequestError, match="limit: a whole number from 1 to 1000"):
        paging.limit(request(limit=text), 50, 1000)

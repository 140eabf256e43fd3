"""What is an e-mail address."""

from __future__ import annotations

import pytest

from chalicelib.accounts import email
from chalicelib.web.errors import BadRequestError


@pytest.mark.parametrize("text", ["a@example.com", "A.B+c@Sub.Example.COM", "o'neil@x-y.org"])
def test_an_address_is_folded(text: str) -> None:
    assert email.folded(text, "email") == text.lower()


@pytest.mark.parametrize(
    "text",
    ["", "a", "a@b", "@example.com", "a@", "a b@example.com", "a@example.com\n", "a@-x.com", "a..b@example.com",
     "a@exa_mple.com", "\u00e4@example.com", "a" * 65 + "@example.com", "a@" + "x" * 250 + ".com", "a@b@example.com"],
)  # fmt: skip
def test_what_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(BadRequestError, match=r"^email: ") as refused:
        email.folded(text, "email")
    assert refused.value.location == ("email",)

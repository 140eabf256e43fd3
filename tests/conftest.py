"""What all tests share: nothing that the engine does may go beyond its roles."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infrastructure.local.iam.denials import DENIALS


@pytest.fixture(autouse=True)
def within_the_roles() -> Iterator[None]:
    """Fails a test in which a role's policies refused something; one that means it takes the refusals itself."""
    yield
    refused = sorted({str(denial) for denial in DENIALS.take()})
    assert not refused, "\n".join(refused)

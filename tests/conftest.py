"""What all tests share: nothing that the engine does may go beyond its roles; what it logs can be seen."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from chalicelib.aws import logs
from infrastructure.local.iam.denials import DENIALS

pytest_plugins = ("tests.faults.report",)


@pytest.fixture(autouse=True)
def within_the_roles() -> Iterator[None]:
    """Fails a test in which a role's policies refused something; one that means it takes the refusals itself."""
    yield
    refused = sorted({str(denial) for denial in DENIALS.take()})
    assert not refused, "\n".join(refused)


@pytest.fixture(autouse=True)
def engine_lines() -> Iterator[None]:
    """The engine's lines as in production, whatever was tested before: every Chalice app of the engine's name sets
    its logger anew."""
    logs.install()
    with logs.about():
        yield


@pytest.fixture
def log(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    """All that the engine and its helper library log."""
    monkeypatch.setattr(logging.getLogger(logs.LOGGER), "propagate", True)
    caplog.set_level(logging.DEBUG, logs.LOGGER)
    return caplog

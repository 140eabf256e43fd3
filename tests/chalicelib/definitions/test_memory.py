from __future__ import annotations

from collections.abc import Iterator

import pytest

from chalicelib.definitions import memory
from chalicelib.definitions.revision import Revision
from chalicelib.definitions.store import StoredRevision


@pytest.fixture(autouse=True)
def empty() -> Iterator[None]:
    memory.forget()
    yield
    memory.forget()


def stored(number: int) -> StoredRevision:
    return StoredRevision(Revision(str(number), "workflow", "w", "arn", "", (), {}), "", {}, {})


def key(number: int) -> memory.Key:
    return ("workflow", "w", str(number))


def test_what_was_kept_is_recalled_until_all_is_forgotten() -> None:
    memory.keep(stored(1))

    assert memory.recall(key(1)) == stored(1)
    assert memory.recall(key(2)) is None
    memory.forget()
    assert memory.recall(key(1)) is None


def test_the_one_unused_for_longest_makes_room() -> None:
    for number in range(memory.CAPACITY):
        memory.keep(stored(number))
    memory.recall(key(0))

    memory.keep(stored(memory.CAPACITY))

    assert memory.recall(key(0)) is not None
    assert memory.recall(key(1)) is None
    assert memory.recall(key(memory.CAPACITY)) is not None

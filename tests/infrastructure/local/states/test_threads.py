from __future__ import annotations

import threading
import time

from moto.stepfunctions.parser.utils import TMP_THREADS

from infrastructure.local.states.threads import Pool
from tests.infrastructure.local.states.world import give, only, world


def test_given_a_finished_job_then_its_thread_takes_the_next_one() -> None:
    pool = Pool()
    seen: list[threading.Thread] = []
    done = threading.Semaphore(0)

    def job() -> None:
        seen.append(threading.current_thread())
        done.release()

    for _ in range(20):
        pool.run(job)
        assert done.acquire(timeout=5)
        deadline = time.monotonic() + 5
        while pool._idle < 1:
            assert time.monotonic() < deadline
    assert len(set(seen)) == 1


def wait_for(barrier: threading.Barrier) -> None:
    barrier.wait(10)


def test_given_jobs_that_wait_for_each_other_then_none_waits_for_a_thread() -> None:
    pool = Pool()
    together = threading.Barrier(41)
    for _ in range(40):
        pool.run(lambda: wait_for(together))
    together.wait(10)


def test_given_executions_that_ended_then_no_thread_of_theirs_is_remembered() -> None:
    with world() as aws:
        TMP_THREADS.clear()
        branches = [{"StartAt": "B", "States": {"B": give({})}}]
        for _ in range(3):
            aws.run(only({"Type": "Parallel", "Branches": branches, "End": True}))
            assert aws.output(only({"Type": "Map", "ItemProcessor": branches[0], "End": True}), given=[1, 2]) == [
                {},
                {},
            ]
    assert TMP_THREADS == []

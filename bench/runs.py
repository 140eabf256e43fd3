"""Latency, throughput, memory, and what a run asks of AWS."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psutil

from bench import rival
from bench.shape import Bench, engine
from bench.table import Row, median_ms, spread
from infrastructure.local.meter import METER

_ENGINE_LAMBDAS = ("APIHandler", "StageCompletion")


def rows() -> Iterator[Row]:
    """All figures of this module, on one engine."""
    with engine() as bench:
        bench.wait(bench.submit())
        yield from _latency(bench)
        yield from _demands(bench)
        yield from _throughput(bench)
        yield from _memory(bench)


def _latency(bench: Bench, count: int = 40) -> Iterator[Row]:
    posts, runs = [], []
    for _ in range(count):
        begin = time.perf_counter()
        run_id = bench.submit()
        posts.append(time.perf_counter() - begin)
        bench.wait(run_id)
        runs.append(time.perf_counter() - begin)
        bench.aws.wait_idle()
    yield Row(
        "run of 2 x 2 no-ops, POST to Complete", median_ms(runs), "ms", 100, rival=rival.RUN_MS, note=spread(runs)
    )
    yield Row("POST of a run", median_ms(posts), "ms", 20, note=spread(posts))


def _demands(bench: Bench, count: int = 20) -> Iterator[Row]:
    asking = 0
    METER.reset()
    for _ in range(count):
        run_id = bench.submit()
        while bench.status(run_id) != "Complete":
            asking += 1
            time.sleep(0.005)
        asking += 1
        bench.aws.wait_idle()
    counts = METER.snapshot()
    requests = sum(amount for name, amount in counts.items() if _is_request(name)) - asking
    lambdas = {name: amount for name, amount in counts.items() if name.startswith("lambda.")}
    on_path = sum(amount for name, amount in lambdas.items() if name.endswith(_ENGINE_LAMBDAS))
    streams = sum(amount for name, amount in lambdas.items() if name.endswith("Scheduler"))
    yield Row("state transitions a run", counts["states.transitions"] / count, "", 12, rival=rival.TRANSITIONS)
    yield Row("engine Lambdas on a run's path", on_path / count, "", 3, rival=rival.ENGINE_INVOCATIONS)
    yield Row("stream batches a run", streams / count, "", None, note="one run at a time: the most there can be")
    yield Row("DynamoDB requests a run", requests / count, "", 16, rival=rival.DYNAMODB_REQUESTS)
    units = counts["dynamodb.write_units"] / count
    yield Row("write units a run", units, "", 45, rival=rival.WRITE_UNITS)
    yield from _price(counts, count, asking)


def _is_request(name: str) -> bool:
    return name.startswith("dynamodb.") and not name.endswith("_units")


def _price(counts: dict[str, float], count: int, asking: int) -> Iterator[Row]:
    """List prices of us-east-1 in USD a million: writes 0.625, reads 0.125, transitions 25, invocations 0.20."""
    reads = counts["dynamodb.read_units"] - asking
    invocations = sum(amount for name, amount in counts.items() if name.startswith("lambda."))
    ours = (
        counts["dynamodb.write_units"] * 0.625
        + reads * 0.125
        + counts["states.transitions"] * 25
        + invocations * 0.20
    ) / count
    old = rival.WRITE_UNITS * 0.625 + rival.TRANSITIONS * 25 + rival.ENGINE_INVOCATIONS * 0.20
    yield Row(
        "price of 1,000 runs", ours / 1000, "USD", rival=old / 1000, note="requests only, without Lambda's time"
    )


def _throughput(bench: Bench, count: int = 200) -> Iterator[Row]:
    METER.reset()
    begin = time.perf_counter()
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: bench.submit(), range(count)))
    for run_id in runs:
        bench.wait(run_id, 120)
    seconds = time.perf_counter() - begin
    bench.aws.wait_idle()
    batches = sum(amount for name, amount in METER.snapshot().items() if name.endswith("Scheduler"))
    yield Row("throughput, cap 20, 200 runs at once", count / seconds, "runs/s", 18, at_least=True)
    yield Row("stream batches a run, 200 at once", batches / count, "", 1)


def _memory(bench: Bench) -> Iterator[Row]:
    done = 261
    sizes = {}
    for mark in (700, 2000):
        while done < mark:
            with ThreadPoolExecutor(8) as pool:
                runs = list(pool.map(lambda _: bench.submit(), range(min(100, mark - done))))
            for run_id in runs:
                bench.wait(run_id, 120)
            done += len(runs)
        bench.aws.wait_idle()
        sizes[mark] = _resident()
    yield Row("resident after 2,000 runs / after 700", sizes[2000] / sizes[700], "", 1.2, note=_sizes(sizes))


def _resident() -> int:
    process = psutil.Process(os.getpid())
    return sum(part.memory_info().rss for part in [process, *process.children(recursive=True)])


def _sizes(sizes: dict[int, int]) -> str:
    return ", ".join(f"{runs}: {size / 2**20:.0f} MiB" for runs, size in sizes.items()) + " with all workers"

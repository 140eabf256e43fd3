"""Threads for work that nobody waits for, which all end at stop()."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

JOIN_SECONDS = 10.0


class Background:
    """Starts daemon threads and waits for them at the end; tasks that pause must watch `stopping`."""

    def __init__(self, name: str) -> None:
        self.stopping = threading.Event()
        self._name = name
        self._lock = threading.Lock()
        self._threads: set[threading.Thread] = set()

    def submit(self, task: Callable[[], None]) -> bool:
        """Run a task in a thread of its own; false once stopped."""
        thread = threading.Thread(target=self._run, args=(task,), name=self._name, daemon=True)
        with self._lock:
            if self.stopping.is_set():
                return False
            self._threads.add(thread)
            thread.start()
        return True

    def _run(self, task: Callable[[], None]) -> None:
        try:
            task()
        finally:
            with self._lock:
                self._threads.discard(threading.current_thread())

    def running(self) -> int:
        """How many tasks are under way."""
        with self._lock:
            return len(self._threads)

    def stop(self, seconds: float = JOIN_SECONDS) -> None:
        """Refuse new tasks and wait for those under way, at most so many seconds in all."""
        with self._lock:
            self.stopping.set()
            threads = list(self._threads)
        deadline = time.monotonic() + seconds
        for thread in threads:
            if thread is not threading.current_thread():
                thread.join(max(0.0, deadline - time.monotonic()))

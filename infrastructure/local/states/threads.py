"""Threads of executions: pooled, one for a running execution, one for a branch, one for a task's call."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cache, partial
from queue import Empty, SimpleQueue
from typing import Any

from moto.stepfunctions.parser.asl.component import eval_component
from moto.stepfunctions.parser.asl.component.common.timeouts.timeout import EvalTimeoutError
from moto.stepfunctions.parser.asl.component.program import program
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration import inline_iteration_component
from moto.stepfunctions.parser.asl.component.state.exec.state_parallel import branch_worker
from moto.stepfunctions.parser.asl.component.state.exec.state_task.state_task import StateTask
from moto.stepfunctions.parser.asl.eval import environment
from moto.stepfunctions.parser.asl.eval.program_state import (
    ProgramEnded,
    ProgramRunning,
    ProgramStopped,
)
from moto.stepfunctions.parser.backend import execution_worker

from infrastructure.local.states.timeouts import limit
from infrastructure.local.states.timers import TIMERS
from infrastructure.local.states.tokens import await_answer, waits

_IDLE_SECONDS = 5.0
"""How long a thread without work is kept (real seconds)."""

_WORK_SECONDS = 5.0
"""A function works in real time however fast the clock goes: it gets its timeout, or at least this (real seconds)."""

_Environment: Any = environment.Environment
_ProgramRunning: Any = ProgramRunning
_EvalComponent: Any = eval_component.EvalComponent
_ExecutionWorker: Any = execution_worker.ExecutionWorker
_Program: Any = program.Program
_InlineMap: Any = inline_iteration_component.InlineIterationComponent
_BranchWorker: Any = branch_worker.BranchWorker


class Pool:
    """Daemon threads without an upper bound, reused: a job never waits for another one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Callable[[], None]] = SimpleQueue()
        self._idle = 0

    def run(self, job: Callable[[], None]) -> None:
        """Run a job soon, in some thread."""
        with self._lock:
            if self._idle:
                self._idle -= 1
                self._jobs.put(job)
                return
        threading.Thread(target=self._work, args=(job,), name="states", daemon=True).start()

    def _work(self, job: Callable[[], None] | None) -> None:
        while job is not None:
            job()
            # What the job held must not live on in an idle thread.
            job = None
            job = self._next()

    def _next(self) -> Callable[[], None] | None:
        with self._lock:
            self._idle += 1
        try:
            return self._jobs.get(timeout=_IDLE_SECONDS)
        except Empty:
            pass
        with self._lock:
            try:
                return self._jobs.get_nowait()
            except Empty:
                self._idle -= 1
                return None


POOL = Pool()


class _Call:
    """A part of an attempt whose error is kept; in a thread of its own, a timeout or a stop needn't wait for it."""

    def __init__(self, work: Callable[[Any], None], frame: Any) -> None:
        self._work, self._frame = work, frame
        self._result: Any = None
        self.error: BaseException | None = None
        self.done = False

    def run(self) -> None:
        try:
            self._work(self._frame)
            self._result = self._frame.stack[-1]
        except BaseException as error:  # handed to the waiting thread, whatever it is
            self.error = error
        self.done = True
        self._frame.halted.set()

    def result(self) -> Any:
        if self.error is not None:
            raise self.error
        return self._result


def evaluate(state: Any, env: Any) -> tuple[bool, Any]:
    """One attempt at a Task, Parallel or Map: (whether it came to an end, its result).

    It doesn't come to an end when the execution stops meanwhile. Raises EvalTimeoutError and the attempt's error.
    """
    seconds = limit(state, env)
    frame = env.open_frame()
    frame.states.reset(input_value=env.states.get_input())
    frame.stack = list(env.stack)
    call = _work(state, frame, seconds)
    if waits(state) and call.done and call.error is None:
        # The function has the token and its thread is free again: this one does the waiting.
        call = _Call(partial(await_answer, state), frame)
        call.run()
    frame.set_ended()
    frame.event_history_context.closed = True
    env.close_frame(frame)
    if not env.is_running():
        return False, None
    if not call.done:
        raise EvalTimeoutError
    return True, call.result()


def _work(state: Any, frame: Any, seconds: float | None) -> _Call:
    call = _Call(state._eval_execution, frame)
    if not isinstance(state, StateTask) and seconds is None:
        call.run()
        return call
    with TIMERS.after(seconds, frame.halted.set, at_least=min(seconds or 0.0, _WORK_SECONDS)):
        POOL.run(call.run)
        frame.halted.wait()
    return call


def _initialise(original: Callable[..., None]) -> Callable[..., None]:
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        original(self, *args, **kwargs)
        self.halted = threading.Event()
        self.at_halt = None
        self.root = self
        self.express = False
        self.event_manager.owner = self

    return __init__


def _frame_of(original: Any) -> Any:
    def as_inner_frame_of(cls: Any, env: Any, *args: Any, **kwargs: Any) -> Any:
        frame = original(cls, env, *args, **kwargs)
        frame.root = env.root
        frame.express = env.express
        return frame

    return classmethod(as_inner_frame_of)


def _halt(env: Any) -> None:
    if env.is_frame() and not isinstance(env._program_state, ProgramEnded):
        # Whatever a stopped branch still does is no part of the history.
        env.event_history_context.closed = True
    env.halted.set()
    if env.at_halt is not None:
        env.at_halt()


def _ending(original: Callable[..., None]) -> Callable[..., None]:
    # An execution ends once: what its threads still report after a stop must not change the verdict.
    def end(self: Any, *args: Any, **kwargs: Any) -> None:
        with self._state_mutex:
            if self._program_state is None or isinstance(self._program_state, ProgramRunning):
                original(self, *args, **kwargs)
            _halt(self)

    return end


def _eval_component(self: Any, env: Any) -> None:
    state = env._program_state
    if isinstance(state, ProgramRunning):
        field: str | None = self._field_name()
        if field is not None:
            state._next_field_name = field
        self._eval_body(env)


def _eval_program(self: Any, env: Any) -> None:
    if env._program_state is None or env.is_running():
        env.next_state_name = self.start_at.start_at_name
    timeout = self.timeout_seconds.timeout_seconds if self.timeout_seconds else None
    if timeout is None:
        self._eval_body(env)
        return
    with TIMERS.after(timeout, env.set_timed_out):
        self._eval_body(env)


def _start_branch(self: Any) -> None:
    def branch() -> None:
        self._program.eval(self.env)
        self._branch_worker_comm.on_terminated(env=self.env)

    POOL.run(branch)


def _launch_worker(self: Any, env: Any, eval_input: Any, job_pool: Any) -> Any:
    worker = self._create_worker(env=env, eval_input=eval_input, job_pool=job_pool)
    POOL.run(worker.eval)
    return worker


def _prepare_execution(self: Any) -> None:
    self.env = self._get_evaluation_environment()
    self.env._program_state = _ProgramRunning()


def _start_execution(self: Any) -> None:
    POOL.run(self._execution_logic)


def _stop_execution(self: Any, stop_date: Any, error: str | None, cause: str | None) -> bool:
    self.env.set_stop(stop_date=stop_date, cause=cause, error=error)
    return isinstance(self.env._program_state, ProgramStopped)


@cache
def install() -> None:
    """Run executions in pooled threads that a stop or a timeout interrupts at once."""
    _Environment.__init__ = _initialise(_Environment.__init__)
    _Environment.as_inner_frame_of = _frame_of(_Environment.as_inner_frame_of.__func__)
    for name in ("set_ended", "set_error", "set_timed_out", "set_stop"):
        setattr(_Environment, name, _ending(getattr(_Environment, name)))
    _EvalComponent.eval = _eval_component
    _EvalComponent.heap_key = property(lambda self: f"{id(self):x}")
    _Program.eval = _eval_program
    _BranchWorker.start = _start_branch
    _InlineMap._launch_worker = _launch_worker
    _ExecutionWorker.prepare = _prepare_execution
    _ExecutionWorker.start = _start_execution
    _ExecutionWorker.stop = _stop_execution

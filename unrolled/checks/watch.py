"""An end for an answer that never ends."""

import _thread
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field

ASLEEP = 2  # times as long, for what waits without working


class Endless(Exception):
    """An answer ran so long that it was stopped."""


@contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    """Stop the block once this process has worked on it for so long, and raise Endless.

    seconds: of the clock and of the CPU, so that a busy machine stops nothing too early; a block
    that waits without working is stopped after ASLEEP times as long. It is interrupted as by
    Ctrl-C, once more each second where it swallows that. Does nothing outside the main thread,
    which alone can be interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over, lock = threading.Event(), threading.Lock()
    stopped: list[tuple[float, bool]] = []  # when, and whether it worked until then

    def watch() -> None:
        start, cpu = time.monotonic(), time.process_time()
        while not over.wait(0.1):
            spent, worked = time.monotonic() - start, time.process_time() - cpu
            if spent < (seconds if worked >= seconds else ASLEEP * seconds):
                continue
            if stopped and spent < stopped[-1][0] + 1:
                continue
            with lock:
                if over.is_set():
                    return
                stopped.append((spent, worked > spent / 10))  # a busy machine leaves that much
                _interrupt()

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:  # a job in the background is born deaf to it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=watch, daemon=True).start()
    try:
        try:
            yield
        finally:
            with lock:
                over.set()
                signal.signal(signal.SIGINT, before or signal.SIG_DFL)
    except KeyboardInterrupt as error:
        over.set()
        if not stopped:
            raise
        message = f"{what} ran for {seconds:g} s and was stopped: a loop that never ends?"
        if not stopped[0][1]:
            message = f"{what} slept for {ASLEEP * seconds:g} s and was stopped: what is it for?"
        raise Endless(message).with_traceback(error.__traceback__) from None


@dataclass(frozen=True)
class Limits:
    """Until when the answers of a run are waited for; what was stopped once is not run again.

    loading, calling: seconds, see `within`. on: where a jail stops answers, nothing does here.
    """

    loading: float
    calling: float
    on: bool
    stopped: set[str] = field(default_factory=set)

    def loads(self, exercise: str) -> AbstractContextManager[None]:
        """Limit the loading of an exercise's answer."""
        return self._hold(exercise, self.loading)

    def calls(self, exercise: str) -> AbstractContextManager[None]:
        """Limit a check of it."""
        return self._hold(exercise, self.calling)

    def once_more(self, exercise: str) -> AbstractContextManager[None]:
        """Limit a check that is run again, after its verdict: nothing is remembered of it."""
        return within(self.calling, exercise) if self.on else nullcontext()

    @contextmanager
    def _hold(self, exercise: str, seconds: float) -> Iterator[None]:
        if not self.on:
            yield
            return
        if exercise in self.stopped:
            raise Endless(f"not run: an earlier check of {exercise} had to be stopped")
        try:
            with within(seconds, exercise):
                yield
        except Endless:
            self.stopped.add(exercise)
            raise


def _interrupt() -> None:
    """Interrupt the main thread, in the middle of a sleep too where the system can do that."""
    if hasattr(signal, "pthread_kill"):
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        _thread.interrupt_main()

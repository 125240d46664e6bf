"""An end for an answer that never ends."""

import _thread
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class Endless(Exception):
    """An answer ran so long that it was stopped."""


@contextmanager
def within(seconds: float, what: str) -> Iterator[None]:
    """Stop the block once this process has worked on it for so long, and raise Endless.

    seconds: of the clock and of the CPU, so that a busy machine stops nothing too early. The block
    is interrupted as by Ctrl-C, once more each second where it swallows that. Does nothing outside
    the main thread, which alone can be interrupted.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    over, stopped, lock = threading.Event(), threading.Event(), threading.Lock()

    def watch() -> None:
        clock, cpu = time.monotonic() + seconds, time.process_time() + seconds
        while not over.wait(0.1):
            if time.monotonic() < clock or time.process_time() < cpu:
                continue
            with lock:
                if over.is_set():
                    return
                stopped.set()
                _thread.interrupt_main()
            clock = time.monotonic() + 1

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
        if not stopped.is_set():
            raise
        message = f"{what} ran for {seconds:g} s and was stopped: a loop that never ends?"
        raise Endless(message).with_traceback(error.__traceback__) from None

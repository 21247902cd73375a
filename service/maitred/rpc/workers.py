"""The threads that run calls."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any

_Task = tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]


class Workers(ThreadPoolExecutor):
    """A fixed number of threads behind one queue.

    ``ThreadPoolExecutor`` makes a future with its lock and condition for every task and
    takes two global locks to hand it over; gRPC uses none of that. Tasks must not raise.
    """

    def __init__(self, threads: int, name: str) -> None:
        super().__init__(threads, name)
        self.threads = threads
        self._tasks: SimpleQueue[_Task | None] = SimpleQueue()
        self._running = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True)
            for number in range(threads)
        ]
        for thread in self._running:
            thread.start()

    @property
    def waiting(self) -> int:
        """Tasks that no thread has taken up yet."""
        return self._tasks.qsize()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Runs the task on one of the threads; the future is done at once and holds nothing."""
        self._tasks.put((fn, args, kwargs))
        return _DONE

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002 -- inherited
        """Ends the threads once the queue is empty."""
        super().shutdown(wait=wait, cancel_futures=cancel_futures)
        for _ in self._running:
            self._tasks.put(None)
        if wait:
            for thread in self._running:
                thread.join()

    def _run(self) -> None:
        take = self._tasks.get
        while (task := take()) is not None:
            fn, args, kwargs = task
            fn(*args, **kwargs)
            del task, fn, args, kwargs


class _Done(Future[Any]):
    """Already done: callbacks run in place."""

    def __init__(self) -> None:
        super().__init__()
        self.set_result(None)

    def add_done_callback(self, fn: Callable[[Future[Any]], object]) -> None:
        fn(self)


_DONE = _Done()

"""The engine of one machine: some detectors, each in a process of its own, and a thread that waits for each."""

from __future__ import annotations

import contextlib
import itertools
import queue
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from detector.pipeline.analyser import Analyser
from detector.runtime.pool import cores
from detector.scan.checking import Order, Outcome, checked
from detector.scan.contents import Content
from detector.worker.bounds import affordable

__all__ = ["default_workers", "in_pool"]

_AHEAD = 2
"""Contents for each worker that are hashed before they are asked for."""


def default_workers() -> int:
    """One for each core, as far as the free memory allows."""
    return affordable(cores())


def in_pool(
    contents: Iterator[Content], order: Order, workers: int, make: Callable[[], Analyser]
) -> Generator[Outcome, None, None]:
    """Check contents; outcomes come as they are ready. What ends this generator ends the processes too.

    Args:
        contents: taken from as they are needed, in the thread that asks for outcomes.
        order: what is asked of every file.
        workers: how many detectors.
        make: makes a detector, which may load its models later.

    Raises:
        DetectorError: a detector cannot work, whatever the file.
    """
    with contextlib.ExitStack() as stack:
        threads = stack.enter_context(ThreadPoolExecutor(workers, thread_name_prefix="scan"))
        free: queue.SimpleQueue[Analyser] = queue.SimpleQueue()
        # Closed before the threads are waited for, so that what they do for nobody ends at once.
        for _ in range(workers):
            detector = make()
            stack.callback(detector.close)
            free.put(detector)
        stack.callback(threads.shutdown, wait=False, cancel_futures=True)

        def check(content: Content) -> Outcome:
            detector = free.get()
            try:
                return checked(detector, content.label, content.path, content.sha256, order)
            finally:
                free.put(detector)

        running: set[Future[Outcome]] = set()
        while True:
            for content in itertools.islice(contents, _AHEAD * workers - len(running)):
                running.add(threads.submit(check, content))
            if not running:
                return
            done, running = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield future.result()

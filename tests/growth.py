"""How the cost of work grows with its size, told without the speed of the machine.

A bound in seconds fails on a slow machine and passes a blow-up on a fast one. Here the cost of some input
stands beside that of four times as much, in the same run: four where every part costs the same, sixteen
where each is compared with each, without end where a reader tries every way.
"""

import time
from collections.abc import Callable
from statistics import median

BLOWN_UP = 10.0
"""Work that grows more than this for four times as much is no longer about linear. It lies between 4 and 16
by about the same factor, so that what other processes do to caches does not decide."""


def growth(prepare: Callable[[int, int], Callable[[], object]], small: int, runs: int = 5) -> float:
    """How many times the processor time of `small` that of four times `small` takes.

    `prepare(size, run)` gives work on an input of this size; another input for each run, so that no memory
    of an earlier answer does the work. The sizes take turns and the middle of the runs counts. Only the
    time of this thread is counted, not what others take from it.
    """
    taken: dict[int, list[float]] = {small: [], 4 * small: []}
    prepare(small, runs)()  # what is made once, is made here
    for run in range(runs):
        for size, times in taken.items():
            work = prepare(size, run)
            begun = time.thread_time()
            work()
            times.append(time.thread_time() - begun)
    return median(taken[4 * small]) / max(median(taken[small]), 1e-6)

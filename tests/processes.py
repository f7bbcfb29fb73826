"""Whether a process that a test began is still there."""

import psutil


def alive(pid: int) -> bool:
    """Whether it runs, be it stopped or busy; one that only waits for its parent's notice has ended."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

"""Waiting for what other processes do."""

import time
from collections.abc import Callable


def wait_until(condition: Callable[[], bool], what: str, timeout_s: float = 30) -> None:
    """Wait until ``condition`` holds; raises ``TimeoutError``."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"It did not happen in {timeout_s:.0f} s: {what}.")
        time.sleep(0.1)

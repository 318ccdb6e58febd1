"""A token bucket: so many requests at once, so many a second after that."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable


class TokenBucket:
    """Lets `burst` requests through at once and `rate` more each second.

    Threads may share one. `clock` returns seconds that never go back.
    """

    def __init__(
        self, rate: float, burst: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self._tokens = float(burst)
        self._filled_at = clock()

    def seconds_to_wait(self) -> int:
        """Take a token and return 0, or return the whole seconds after which one will be there."""
        with self._lock:
            now = self._clock()
            refilled = self._tokens + (now - self._filled_at) * self._rate
            self._tokens = min(float(self._burst), refilled)
            self._filled_at = now
            if self._tokens >= 1:
                self._tokens -= 1
                return 0
            return math.ceil((1 - self._tokens) / self._rate)

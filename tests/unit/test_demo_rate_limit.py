"""The token bucket: a burst, then a steady rate, by a clock that the test turns."""

from __future__ import annotations

from till.demo.rate_limit import TokenBucket


class Clock:
    def __init__(self) -> None:
        self.seconds = 100.0

    def __call__(self) -> float:
        return self.seconds


def test_a_burst_passes_and_the_next_one_waits() -> None:
    bucket = TokenBucket(rate=0.5, burst=2, clock=Clock())
    assert [bucket.seconds_to_wait() for _ in range(3)] == [0, 0, 2]


def test_after_the_wait_one_passes_and_only_one() -> None:
    clock = Clock()
    bucket = TokenBucket(rate=0.5, burst=1, clock=clock)
    assert bucket.seconds_to_wait() == 0
    clock.seconds += bucket.seconds_to_wait()
    assert bucket.seconds_to_wait() == 0
    assert bucket.seconds_to_wait() == 2


def test_a_refused_request_costs_nothing() -> None:
    clock = Clock()
    bucket = TokenBucket(rate=1, burst=1, clock=clock)
    assert bucket.seconds_to_wait() == 0
    assert [bucket.seconds_to_wait() for _ in range(5)] == [1] * 5
    clock.seconds += 1
    assert bucket.seconds_to_wait() == 0


def test_idle_time_saves_up_no_more_than_a_burst() -> None:
    clock = Clock()
    bucket = TokenBucket(rate=10, burst=3, clock=clock)
    clock.seconds += 3600
    assert [bucket.seconds_to_wait() for _ in range(4)] == [0, 0, 0, 1]

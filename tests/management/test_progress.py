"""Rate and remaining time of a queue."""

import pytest

from xsearch.management.progress import WINDOW_S, Pace, duration


@pytest.fixture
def clock():
    class Clock:
        now = 0.0

        def __call__(self):
            return self.now

    return Clock()


def test_nothing_is_known_at_first(clock):
    pace = Pace(clock)
    pace.note(100)
    assert (pace.rate, pace.left_s) == (0.0, None)


def test_the_rate_follows_the_last_seconds(clock):
    pace = Pace(clock)
    left = 10_000
    pace.note(left)
    for speed in (5, 50):
        for _ in range(int(2 * WINDOW_S)):
            clock.now += 1
            left -= speed
            pace.note(left)
    assert pace.rate == pytest.approx(50)
    assert pace.left_s == pytest.approx(left / 50)


def test_a_queue_that_grows_has_no_end(clock):
    pace = Pace(clock)
    for left in (10, 20):
        clock.now += 1
        pace.note(left)
    assert (pace.rate, pace.left_s) == (0.0, None)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 00 s"),
        (725, "12 min 05 s"),
        (3600, "1 h 00 min"),
        (90000, "25 h 00 min"),
    ],
)
def test_times_are_made_to_be_read(seconds, text):
    assert duration(seconds) == text

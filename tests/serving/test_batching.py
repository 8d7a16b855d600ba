"""Micro-batching: fewer runs than requests, and nobody pays for another's fault."""

import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from tests.support.encoders import HashEncoder, PickyEncoder
from tests.support.indexing import wait_until
from xsearch.encoders import EncoderError
from xsearch.serving.app import batcher_of
from xsearch.serving.batching import MicroBatcher, Overloaded


class Gate:
    """Runs that wait until the gate is open, and what they were given."""

    def __init__(self, encoder=None):
        self.encoder = encoder or HashEncoder(4)
        self.opened = threading.Event()
        self.runs = []

    def __call__(self, modality, items):
        self.runs.append((modality, list(items)))
        self.opened.wait(60)
        return self.encoder.encode_batch(modality, items)


@pytest.fixture
def gate():
    return Gate()


@pytest.fixture
def batcher(gate):
    batcher = MicroBatcher(gate, 4, max_batch=8, max_wait_s=60, max_waiting=20)
    yield batcher
    gate.opened.set()
    batcher.close()


def vector(text):
    return HashEncoder(4).encode_batch("text", [text])


def occupied(batcher, gate):
    """Start a run that waits at the gate."""
    first = batcher.submit("text", ["first"])
    wait_until(lambda: gate.runs)
    return first


def test_requests_that_come_during_a_run_share_the_next_one(batcher, gate):
    first = occupied(batcher, gate)
    others = {name: batcher.submit("text", [name]) for name in "abcde"}
    gate.opened.set()
    assert first.result(60) == pytest.approx(vector("first"))
    for name, future in others.items():
        assert future.result(60) == pytest.approx(vector(name))
    assert [items for _, items in gate.runs] == [["first"], list("abcde")]
    assert (batcher.counts.requests, batcher.counts.items, batcher.counts.runs) == (6, 6, 2)


def test_a_lone_request_does_not_wait_for_company(batcher, gate):
    gate.opened.set()
    assert batcher.submit("text", ["alone"]).result(60).shape == (1, 4)


def test_a_request_waits_for_another_that_is_being_read(batcher, gate):
    gate.opened.set()
    with batcher.expecting():
        first = batcher.submit("text", ["a"])
        with batcher.expecting():
            second = batcher.submit("text", ["b"])
        assert not gate.runs
    first.result(60), second.result(60)
    assert [items for _, items in gate.runs] == [["a", "b"]]


def test_the_wait_for_others_ends(gate):
    gate.opened.set()
    batcher = MicroBatcher(gate, 4, max_wait_s=0.01)
    with batcher.expecting():
        assert batcher.submit("text", ["a"]).result(60).shape == (1, 4)
    batcher.close()


def test_a_full_batch_does_not_wait_for_more(batcher, gate):
    gate.opened.set()
    with batcher.expecting():
        assert batcher.submit("text", list("abcdefgh")).result(60).shape == (8, 4)


def test_runs_keep_to_their_size_and_larger_requests_run_alone(batcher, gate):
    occupied(batcher, gate)
    futures = [batcher.submit("text", [f"{n}"] * n) for n in (5, 4, 9, 2)]
    gate.opened.set()
    assert [len(future.result(60)) for future in futures] == [5, 4, 9, 2]
    assert [len(items) for _, items in gate.runs] == [1, 7, 4, 9]


def test_texts_and_photos_have_runs_of_their_own():
    gate = Gate(encoder=_Both())
    batcher = MicroBatcher(gate, 4)
    first = occupied(batcher, gate)
    futures = [batcher.submit(modality, [modality]) for modality in ("image", "text", "image")]
    gate.opened.set()
    for future in (first, *futures):
        future.result(60)
    assert [(modality, len(items)) for modality, items in gate.runs] == [("text", 1), ("image", 2), ("text", 1)]
    batcher.close()


class _Both(HashEncoder):
    def __init__(self):
        super().__init__(4)


def test_what_spoils_a_run_spoils_only_the_request_it_came_with():
    gate = Gate(PickyEncoder(4))
    batcher = MicroBatcher(gate, 4)
    occupied(batcher, gate)
    good, bad, fine = (batcher.submit("text", [text]) for text in ("good", "poison", "fine"))
    gate.opened.set()
    assert good.result(60) == pytest.approx(vector("good"))
    assert fine.result(60) == pytest.approx(vector("fine"))
    with pytest.raises(RuntimeError, match="poison"):
        bad.result(60)
    batcher.close()


@pytest.mark.parametrize(
    "vectors", [np.full((2, 4), np.nan), np.full((2, 4), np.inf), np.zeros((2, 3)), np.zeros((1, 4))]
)
def test_vectors_that_are_none_are_not_handed_out(vectors):
    batcher = MicroBatcher(lambda *_: vectors.astype(np.float32), 4)
    with pytest.raises(ValueError, match="not finite ones of"):
        batcher.submit("text", ["a", "b"]).result(60)
    batcher.close()


def test_an_encoder_that_cannot_work_is_not_tried_for_each_request():
    runs = []

    def fail(modality, items):
        runs.append(items)
        raise EncoderError("no weights")

    batcher = MicroBatcher(fail, 4, max_wait_s=60)
    with batcher.expecting():
        futures = [batcher.submit("text", [name]) for name in "ab"]
    for future in futures:
        with pytest.raises(EncoderError, match="no weights"):
            future.result(60)
    assert len(runs) == 1
    batcher.close()


def test_only_so_much_may_wait(batcher, gate):
    occupied(batcher, gate)
    kept = batcher.submit("text", ["x"] * 20)
    assert batcher.waiting == 20
    with pytest.raises(Overloaded):
        batcher.submit("text", ["one more"])
    gate.opened.set()
    assert len(kept.result(60)) == 20


def test_what_nobody_waits_for_any_more_is_not_encoded(batcher, gate):
    occupied(batcher, gate)
    gone, kept = batcher.submit("text", ["gone"]), batcher.submit("text", ["kept"])
    assert gone.cancel()
    gate.opened.set()
    kept.result(60)
    assert [items for _, items in gate.runs] == [["first"], ["kept"]]


def test_closing_finishes_what_waits_and_takes_nothing_more(gate):
    batcher = MicroBatcher(gate, 4)
    occupied(batcher, gate)
    waiting = batcher.submit("text", ["a"])
    gate.opened.set()
    batcher.close()
    assert waiting.result(0).shape == (1, 4)
    with pytest.raises(Overloaded):
        batcher.submit("text", ["late"])


def test_many_threads_get_their_own_vectors():
    batcher = batcher_of(HashEncoder(4))
    texts = [f"text {number}" for number in range(200)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda text: batcher.submit("text", [text]).result(60), texts))
    batcher.close()
    assert np.concatenate(answers) == pytest.approx(HashEncoder(4).encode_batch("text", texts))

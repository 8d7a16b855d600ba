"""Models are loaded once, by whoever comes first, let go when idle, and never carried over a fork."""

import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from PIL import Image

from tests.support.indexing import wait_until
from xsearch.encoders.builtin import BuiltinEncoder
from xsearch.lazy import Lazy, ProcessLock, VersionedCache
from xsearch.speech.base import Phrases, PhrasesCache

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")


class Model:
    """Something heavy; counts how often it is made."""

    made = 0

    def __init__(self):
        time.sleep(0.05)
        Model.made += 1
        self.process = os.getpid()


@pytest.fixture(autouse=True)
def _nothing_made():
    Model.made = 0


def in_child(action):
    """Fork, and say whether ``action`` was true in the child; a child that hangs is ended by an alarm."""
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        result = 1
        try:
            result = 0 if action() else 1
        finally:
            os._exit(result)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def used(lazy):
    with lazy.use() as model:
        return model


def test_eight_threads_load_it_once():
    lazy = Lazy(Model)
    assert not lazy.is_loaded
    with ThreadPoolExecutor(8) as pool:
        models = set(pool.map(lambda _: used(lazy), range(32)))
    assert (len(models), Model.made) == (1, 1)


def test_an_error_is_raised_by_every_try_until_one_succeeds():
    broken = [True, True]

    def load():
        if broken:
            broken.pop()
            raise OSError("no weights")
        return Model()

    lazy = Lazy(load)
    for _ in range(2):
        with pytest.raises(OSError, match="no weights"), lazy.use():
            pass
    assert not lazy.is_loaded
    assert isinstance(used(lazy), Model)


def test_what_is_idle_is_let_go_and_made_again():
    lazy = Lazy(Model, idle_s=0.1)
    first = used(lazy)
    wait_until(lambda: not lazy.is_loaded, timeout_s=10)
    assert used(lazy) is not first
    wait_until(lambda: not lazy.is_loaded, timeout_s=10)


def test_what_is_in_use_is_not_let_go():
    lazy = Lazy(Model, idle_s=0.05)
    used(lazy)
    with lazy.use() as model:
        time.sleep(0.3)
        lazy.unload()
        assert lazy.is_loaded
        with lazy.use() as again:
            assert again is model
    wait_until(lambda: not lazy.is_loaded, timeout_s=10)


@pytest.mark.parametrize("idle_s", [0, -1, float("nan")])
def test_an_idle_time_that_makes_no_sense_is_refused(idle_s):
    with pytest.raises(ValueError, match="above 0, or None"):
        Lazy(Model, idle_s=idle_s)


def test_a_child_makes_its_own():
    lazy = Lazy(Model, idle_s=60)
    mine = used(lazy)
    assert in_child(lambda: not lazy.is_loaded and used(lazy).process == os.getpid())
    assert used(lazy) is mine


def test_a_child_does_not_wait_for_a_lock_that_another_thread_held():
    loading, go_on = threading.Event(), threading.Event()

    def load():
        if threading.current_thread() is thread:
            loading.set()
            assert go_on.wait(30)
        return Model()

    lazy = Lazy(load)
    thread = threading.Thread(target=used, args=(lazy,))
    thread.start()
    assert loading.wait(30)
    try:
        assert in_child(lambda: used(lazy).process == os.getpid())
    finally:
        go_on.set()
        thread.join()
    assert used(lazy).process == os.getpid()


def test_a_child_forked_while_it_is_used_leaves_the_parents_alone_and_counts_its_own_users():
    lazy = Lazy(Model)
    parent = os.getpid()
    with lazy.use() as model:
        child = os.fork()
    if child == 0:
        signal.alarm(20)
        own = used(lazy)
        lazy.unload()
        os._exit(0 if own is not model and own.process != parent and not lazy.is_loaded else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert used(lazy) is model


def test_locks_and_vocabularies_are_free_in_a_child():
    lock, made = ProcessLock(), PhrasesCache(lambda _: os.getpid())
    made.get(Phrases("1"))
    held, go_on = threading.Event(), threading.Event()

    def hold():
        with lock.held():
            held.set()
            go_on.wait(30)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(30)

    def free():
        with lock.held():
            return made.get(Phrases("1")) == os.getpid()

    try:
        assert in_child(free)
    finally:
        go_on.set()
        thread.join()


def test_the_builtin_encoder_is_let_go_when_idle_and_answers_alike_afterwards():
    encoder = BuiltinEncoder(idle_unload_s=0.2)
    photo = Image.linear_gradient("L").convert("RGB")
    first = encoder.encode_batch("image", [photo]), encoder.encode_batch("text", ["red dress"])
    wait_until(lambda: not encoder._image.is_loaded and not encoder._text.is_loaded, timeout_s=20)
    again = encoder.encode_batch("image", [photo]), encoder.encode_batch("text", ["red dress"])
    assert all((one == other).all() for one, other in zip(first, again, strict=True))


def test_a_child_of_a_process_with_a_loaded_builtin_encoder_encodes_by_its_own():
    encoder = BuiltinEncoder()
    vector = encoder.encode_batch("text", ["red dress"])
    assert in_child(lambda: (encoder.encode_batch("text", ["red dress"]) == vector).all())


def test_a_versioned_value_is_made_once_for_each_version_and_key():
    cache, made = VersionedCache(size=2), []

    def make(name):
        return lambda: made.append(name) or name

    assert [cache.get(key, 1, make(f"{key}1")) for key in ("a", "a", "b")] == ["a1", "a1", "b1"]
    assert cache.get("a", 2, make("a2")) == "a2"
    assert made == ["a1", "b1", "a2"]
    cache.get("c", 1, make("c1"))  # b is the oldest now
    assert [cache.get(key, 1, make(f"{key} again")) for key in ("c", "b")] == ["c1", "b again"]


def test_other_threads_get_the_version_before_while_one_makes_the_next():
    cache, making, go_on = VersionedCache(), threading.Event(), threading.Event()
    cache.get("words", 1, lambda: "old")

    def make():
        making.set()
        go_on.wait(30)
        return "new"

    thread = threading.Thread(target=lambda: cache.get("words", 2, make))
    thread.start()
    assert making.wait(30)
    assert cache.get("words", 2, lambda: "made twice") == "old"
    go_on.set()
    thread.join()
    assert cache.get("words", 2, lambda: "made twice") == "new"

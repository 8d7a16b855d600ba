"""Models and other values that are made on first use, once per process, and never carried over a fork."""

from __future__ import annotations

import importlib
import os
import threading
import time
import weakref
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from django.core.signals import setting_changed
from django.utils.module_loading import import_string

T = TypeVar("T")


class PerProcess(ABC):
    """Base of objects that a forked child resets: the parent's threads, and the locks they hold, do not exist there."""

    def __init__(self) -> None:
        self._reset()
        _all.add(self)

    @abstractmethod
    def _reset(self) -> None:
        """Reset to the state after ``__init__``; in a child, keep the parent's objects alive but unused."""


class ProcessLock(PerProcess):
    """A lock between the threads of one process; it is free in a forked child, whoever held it in the parent."""

    def _reset(self) -> None:
        self._lock = threading.RLock()

    def held(self) -> threading.RLock:
        """Return a context that holds the lock."""
        return self._lock


@dataclass
class _State(Generic[T]):
    """State of a ``Lazy`` in one process."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    value: T | None = None
    users: int = 0
    used_at: float = 0.0
    watcher: threading.Thread | None = None


class Lazy(PerProcess, Generic[T]):
    """A heavy object that ``load`` creates on first use; shared between threads.

    With ``idle_s`` it is unloaded after that many seconds without use, and loaded again when it is needed.
    A forked process loads its own: threads and CUDA contexts of a model do not survive a fork.
    """

    def __init__(self, load: Callable[[], T], *, idle_s: float | None = None) -> None:
        if idle_s is not None and not idle_s > 0:
            raise ValueError(f"The idle time must be seconds above 0, or None to keep the model, not {idle_s!r}.")
        self._load = load
        self._idle_s = idle_s
        super().__init__()

    def _reset(self) -> None:
        abandon(self.__dict__.get("_state"))
        self._state: _State[T] = _State()

    @property
    def is_loaded(self) -> bool:
        """True while the object is in memory."""
        return self._state.value is not None

    @contextmanager
    def use(self) -> Iterator[T]:
        """Yield the loaded object, which is not unloaded meanwhile; an error of ``load`` is raised on every use."""
        state = self._state
        with state.lock:
            if state.value is None:
                state.value = self._load()
            value = state.value
            state.users += 1
        try:
            yield value
        finally:
            if state is self._state:  # else this is a child, forked meanwhile: the parent's lock may never be released
                self._leave(state)

    def unload(self) -> None:
        """Unload the object unless it is in use."""
        state = self._state
        with state.lock:
            if state.users == 0:
                state.value = None

    def _leave(self, state: _State[T]) -> None:
        with state.lock:
            state.users -= 1
            state.used_at = time.monotonic()
            if self._idle_s is not None and state.watcher is None:
                state.watcher = threading.Thread(
                    target=_unload_when_idle, args=(state, self._idle_s), name="xsearch-idle", daemon=True
                )
                state.watcher.start()


def _unload_when_idle(state: _State[Any], idle_s: float) -> None:
    wait_s = idle_s
    while True:
        time.sleep(wait_s)
        with state.lock:
            wait_s = state.used_at + idle_s - time.monotonic()
            if state.users:
                wait_s = idle_s
            elif wait_s <= 0:
                state.value = state.watcher = None
                return


_all: weakref.WeakSet[PerProcess] = weakref.WeakSet()
_abandoned: list[Any] = []


def abandon(value: Any) -> None:
    """Keep an object of the parent process alive: its destructor could wait for threads that only the parent has."""
    if value is not None:
        _abandoned.append(value)


def _reset_after_fork() -> None:
    for one in list(_all):
        one._reset()


os.register_at_fork(after_in_child=_reset_after_fork)


class VersionedCache(PerProcess, Generic[T]):
    """Values by key, each made again when its version changes; it keeps the ``size`` values that were made last.

    One thread makes a value; meanwhile, other threads get the value of the version before. A forked child keeps the
    values unless they hold threads or locks (``is_inherited``).
    """

    def __init__(self, size: int = 64, *, is_inherited: bool = True) -> None:
        self._size, self._is_inherited = size, is_inherited
        self._made: dict[Hashable, tuple[object, T]] = {}
        super().__init__()

    def _reset(self) -> None:
        self._lock = threading.Lock()
        if not self._is_inherited:
            abandon(self._made)
            self._made = {}

    def get(self, key: Hashable, version: object, make: Callable[[], T]) -> T:
        """Return the value of ``key`` in this version, or in an older one while another thread makes values."""
        found = self._made.get(key)
        if found and (found[0] == version or self._lock.locked()):
            return found[1]
        with self._lock:
            found = self._made.get(key)
            if found is None or found[0] != version:
                found = (version, make())
                self._made.pop(key, None)
                self._made[key] = found
            if len(self._made) > self._size:
                del self._made[next(iter(self._made))]
            return found[1]

    def clear(self) -> None:
        """Make every value again when it is next needed."""
        self._made.clear()


def on_settings_change(forget: Callable[[], Any]) -> None:
    """Call ``forget`` whenever a test overrides ``XSEARCH``."""

    def receive(*, setting: str, **_: Any) -> None:
        if setting == "XSEARCH":
            forget()

    setting_changed.connect(receive, weak=False)


def build_backend(spec: dict[str, Any], contract: type[T], failure: type[Exception]) -> T:
    """Return the instance of ``contract`` that ``{"BACKEND": …, "OPTIONS": …}`` describes; raises ``failure``."""
    name, path, options = contract.__name__.lower(), spec.get("BACKEND"), spec.get("OPTIONS", {})
    try:
        made = import_string(spec["BACKEND"])(**options)
    except failure:
        raise
    except ImportError as error:
        raise failure(f"The {name} backend {path!r} cannot be imported: {error}") from error
    except Exception as error:  # backends of the shop may raise anything
        problem = f"The {name} {path!r} cannot be made: {error.__class__.__name__}: {error}"
        raise failure(f"{problem}. Correct its OPTIONS: {options!r}") from error
    if not isinstance(made, contract):
        raise failure(f"{path!r} is not an {contract.__module__.removesuffix('.base')}.{contract.__name__}.")
    return made


def import_optional(package: str, user: str, extra: str, failure: Callable[[str], Exception]) -> Any:
    """Return a package of an extra of django-xsearch; raises ``failure`` that says how to install it."""
    try:
        return importlib.import_module(package)
    except ImportError as error:
        cure = f"Install it: pip install 'django-xsearch[{extra}]'"
        raise failure(f"{user} needs the package {package}. {cure}") from error

"""The processes that the demo starts: each in a group of its own, all stopped together."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from shop.demo.errors import DemoError, Stopped
from shop.demo.signals import on_stop_signals

_PR_SET_PDEATHSIG = 1
_POLL_S = 0.1
_LOG_TAIL_LINES = 15


@dataclass(frozen=True)
class Child:
    """One process with its log; its process group holds whatever it starts itself."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def has_ended(self) -> bool:
        """Whether it ended; it is left unreaped, so that its number still names its group."""
        flags = os.WEXITED | os.WNOHANG | os.WNOWAIT
        return self.process.returncode is not None or os.waitid(os.P_PID, self.process.pid, flags) is not None

    def ask_to_end(self) -> None:
        """Let the process end what it started itself, in its own order."""
        if not self.has_ended:
            self.process.terminate()

    def kill(self) -> None:
        """Kill the process and everything it started."""
        with suppress(ProcessLookupError, PermissionError):  # macOS refuses where only zombies are left
            os.killpg(self.process.pid, signal.SIGKILL)

    def log_tail(self) -> str:
        """Return the last lines it wrote."""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(f"    {line}" for line in lines[-_LOG_TAIL_LINES:])


class Supervisor:
    """Starts children, notices when one of them or the parent is gone, and stops every one of them."""

    def __init__(self, log_folder: Path, *, follow_parent: bool = False) -> None:
        self.log_folder = log_folder
        self.children: list[Child] = []
        self._parent = os.getppid() if follow_parent else None

    def start(self, name: str, *command: str, environment: Mapping[str, str]) -> Child:
        """Start ``command`` with what it writes going to ``<name>.log``."""
        self.log_folder.mkdir(parents=True, exist_ok=True)
        log = self.log_folder / f"{name}.log"
        with log.open("wb") as stream:
            child = Child(name, _popen(command, environment, stream), log)
        self.children.append(child)
        return child

    def check(self) -> None:
        """Raise if a server has ended by itself, or if the process that started the demo is gone."""
        if self._parent is not None and os.getppid() != self._parent:
            raise Stopped
        for child in self.children:
            if child.has_ended:
                raise DemoError(f"The {child.name} has ended by itself. The end of {child.log}:\n{child.log_tail()}")

    def stop(self, *, patience_s: float = 10.0) -> None:
        """Ask every child to end; after ``patience_s`` kill those left, and all that any of them started."""
        on_stop_signals(lambda *_: self._kill())  # impatient: a second Ctrl-C
        for child in self.children:
            child.ask_to_end()
        deadline = time.monotonic() + patience_s
        while time.monotonic() < deadline and not all(child.has_ended for child in self.children):
            time.sleep(_POLL_S)
        self._kill()
        for child in self.children:
            child.process.wait()
        self.children.clear()

    def _kill(self) -> None:
        for child in self.children:
            child.kill()


def _popen(command: Sequence[str], environment: Mapping[str, str], output: IO[bytes]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 — our own commands
        command,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=dict(environment),
        start_new_session=True,
        preexec_fn=_end_with_parent,  # safe: the supervisor has no threads
    )


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """Let Linux end this child even if the supervisor was killed so hard that it could not."""
    if _libc is not None:
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

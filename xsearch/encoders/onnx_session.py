"""Sessions of onnxruntime, opened in one way by every encoder that runs a graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xsearch.encoders.base import EncoderError

CPU = ("CPUExecutionProvider",)

# About as long as the gap between two operations. Threads that sleep instead made an int8 ViT-B/32 a quarter slower on
# two cores; those that spin for longer gain no more, and take cores from other workers.
_SPIN_US = 20


def open_session(path: Path, threads: int, *, cure: str, providers: Sequence[str] = CPU) -> Any:
    """Return an ``onnxruntime.InferenceSession`` that computes with ``threads`` CPU threads.

    No arena, and no thread spins for longer than ``_SPIN_US``: a web worker gives memory and cores back between two
    queries. Raises ``EncoderError`` that ends with ``cure``.
    """
    import onnxruntime

    unknown = set(providers) - set(onnxruntime.get_available_providers())
    if unknown:
        known = ", ".join(onnxruntime.get_available_providers())
        raise EncoderError(f"onnxruntime here has no {', '.join(sorted(unknown))}; its providers are {known}.")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_cpu_mem_arena = False
    options.add_session_config_entry("session.intra_op.spin_duration_us", str(_SPIN_US))
    options.add_session_config_entry("session.force_spinning_stop", "1")
    try:
        return onnxruntime.InferenceSession(path, options, providers=list(providers))
    except Exception as error:  # onnxruntime raises a dozen types of its own
        raise EncoderError(f"The model {path} cannot be loaded: {error}. {cure}") from error

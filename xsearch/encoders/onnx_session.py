"""Sessions of onnxruntime, with the same options for every encoder that runs a graph."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from xsearch.encoders.base import EncoderError

CPU = ("CPUExecutionProvider",)

# Threads spin for about the gap between two operations. Threads that sleep instead made an int8 ViT-B/32 a quarter
# slower on two cores. Threads that spin for longer are no faster, and take cores from other workers.
_SPIN_US = 20


def open_session(path: Path, threads: int, *, cure: str, providers: Sequence[str] = CPU) -> Any:
    """Return an ``onnxruntime.InferenceSession`` that computes with ``threads`` CPU threads.

    It has no memory arena, and threads spin for ``_SPIN_US`` at most: a web worker releases memory and cores between
    two queries. ``providers`` are those of onnxruntime, in order of preference. Raises ``EncoderError`` that ends
    with ``cure``.
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

"""Checkpoints loaded by transformers: the whole model from safetensors, or an error. Needs torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import transformers

from xsearch.checkpoints.local import ARCHITECTURES, Checkpoint, CheckpointError


def load_model(checkpoint: Checkpoint, dtype: torch.dtype) -> Any:
    """Load the weights of ``checkpoint``; raises ``CheckpointError`` if they do not fit its config.json."""
    model_class = getattr(transformers, ARCHITECTURES[checkpoint.model_type])
    safely = {"use_safetensors": True, "local_files_only": True, "trust_remote_code": False}
    options = {**safely, "dtype": dtype, "output_loading_info": True}
    try:
        with quiet():
            model, info = model_class.from_pretrained(checkpoint.folder, **options)
    except Exception as error:  # configurations that contradict themselves fail in any way
        problem = f"The model {checkpoint.name} cannot be loaded: {error.__class__.__name__}: {error}."
        raise CheckpointError(problem, "Is it a checkpoint of transformers, and whole?") from error
    wrong = sorted(info["missing_keys"]) + sorted(map(str, info.get("mismatched_keys", ())))
    if wrong:
        missing = f"{len(wrong)} missing, such as {wrong[0]}"
        problem = f"The weights of {checkpoint.name} do not fit its config.json: {missing}."
        raise CheckpointError(problem, f"It has to be saved from transformers' {model_class.__name__}.")
    return model


@contextmanager
def quiet() -> Iterator[None]:
    """Silence the progress bars and warnings of transformers while something is loaded."""
    logging: Any = transformers.utils.logging
    verbosity, had_bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        if had_bars:
            logging.enable_progress_bar()

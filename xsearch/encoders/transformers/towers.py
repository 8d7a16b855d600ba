"""The halves of joint models as torch modules: batches of one modality in, unit vectors out. Needs torch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
import transformers
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - what everybody calls it

from xsearch.checkpoints import ARCHITECTURES, Checkpoint, CheckpointError
from xsearch.encoders.transformers.families import FAMILIES


class ImageTower(nn.Module):
    """Pixels → unit vectors, shape (n, dimension), float32.

    ``pixel_values`` is (n, 3, height, width); of a NaFlex model (n, patches, values) with
    ``pixel_attention_mask`` (n, patches) and ``spatial_shapes`` (n, 2), rows and columns of patches.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.vision_model
        self.projection = getattr(model, "visual_projection", nn.Identity())

    def forward(self, pixel_values: Tensor, **naflex: Tensor) -> Tensor:
        """Encode a batch."""
        return _unit(self.projection(self.model(pixel_values=pixel_values, **naflex).pooler_output))


class TextTower(nn.Module):
    """Token numbers → unit vectors, shape (n, dimension), float32; both inputs are (n, tokens)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.text_model
        self.projection = getattr(model, "text_projection", nn.Identity())
        self.takes_first_token = model.config.model_type == "chinese_clip"  # its BERT has no pooling of its own

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        """Encode a batch."""
        output = self.model(input_ids=input_ids, attention_mask=attention_mask)
        pooled = output.last_hidden_state[:, 0] if self.takes_first_token else output.pooler_output
        return _unit(self.projection(pooled))


class AudioTower(nn.Module):
    """Log-mel spectrograms (n, views, frames, mels) → unit vectors, shape (n, dimension), float32.

    ``is_longer`` (n, 1) says which views are of a sound longer than the model's window; see CLAP's feature fusion.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.audio_model
        self.projection = model.audio_projection

    def forward(self, input_features: Tensor, is_longer: Tensor) -> Tensor:
        """Encode a batch."""
        output = self.model(input_features=input_features, is_longer=is_longer)
        return _unit(self.projection(output.pooler_output))


TOWERS: dict[str, type[nn.Module]] = {"image": ImageTower, "text": TextTower, "audio": AudioTower}


def load_towers(checkpoint: Checkpoint, device: str = "cpu", dtype: str = "float32") -> dict[str, nn.Module]:
    """Load a checkpoint, and return its towers by modality, in evaluation mode.

    Raises ``CheckpointError`` for weights that do not fit: transformers would make up what is missing.
    """
    checkpoint.require(FAMILIES, "The transformers encoder")
    model = _load_model(checkpoint, getattr(torch, dtype)).eval().requires_grad_(False).to(device)
    return {modality: TOWERS[modality](model).eval() for modality in FAMILIES[checkpoint.model_type].modalities}


def _load_model(checkpoint: Checkpoint, dtype: torch.dtype) -> Any:
    model_class = getattr(transformers, ARCHITECTURES[checkpoint.model_type])
    safely = {"use_safetensors": True, "local_files_only": True, "trust_remote_code": False}
    try:
        with quiet():
            model, info = model_class.from_pretrained(
                checkpoint.folder, dtype=dtype, output_loading_info=True, **safely
            )
    except Exception as error:  # configurations that contradict themselves fail in any way
        problem = f"The model {checkpoint.name} cannot be loaded: {error.__class__.__name__}: {error}."
        raise CheckpointError(problem, "Is it a checkpoint of transformers, and whole?") from error
    wrong = sorted(info["missing_keys"]) + sorted(map(str, info.get("mismatched_keys", ())))
    if wrong:
        problem = (
            f"The weights of {checkpoint.name} do not fit its config.json: {len(wrong)} missing, such as {wrong[0]}."
        )
        raise CheckpointError(problem, f"It has to be saved from transformers' {model_class.__name__}.")
    return model


def _unit(vectors: Tensor) -> Tensor:
    return F.normalize(vectors.float(), dim=-1)


@contextmanager
def quiet() -> Iterator[None]:
    """Keep the progress bars and remarks of transformers off the server's log while something is loaded."""
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

"""The towers of joint models as torch modules: batches of one modality → unit vectors. Needs torch."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the usual name

from xsearch.checkpoints.local import Checkpoint
from xsearch.checkpoints.pretrained import load_model
from xsearch.encoders.transformers.families import FAMILIES


class PretrainedImageTower(nn.Module):
    """Pixels → unit vectors, shape (n, dimension), float32.

    ``pixel_values`` is (n, 3, height, width); of a NaFlex model (n, patches, values) with
    ``pixel_attention_mask`` (n, patches) and ``spatial_shapes`` (n, 2), rows and columns of patches.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.vision_model
        self.projection = getattr(model, "visual_projection", nn.Identity())

    def forward(self, pixel_values: Tensor, **naflex: Tensor) -> Tensor:
        return _unit(self.projection(self.model(pixel_values=pixel_values, **naflex).pooler_output))


class PretrainedTextTower(nn.Module):
    """Token ids → unit vectors, shape (n, dimension), float32; both inputs are (n, tokens)."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.text_model
        self.projection = getattr(model, "text_projection", nn.Identity())
        self.takes_first_token = model.config.model_type == "chinese_clip"  # its BERT has no pooler

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> Tensor:
        output = self.model(input_ids=input_ids, attention_mask=attention_mask)
        pooled = output.last_hidden_state[:, 0] if self.takes_first_token else output.pooler_output
        return _unit(self.projection(pooled))


class PretrainedAudioTower(nn.Module):
    """Log-mel spectrograms (n, views, frames, mels) → unit vectors, shape (n, dimension), float32.

    ``is_longer`` (n, 1) is true for a sound longer than the model's window; see the feature fusion of CLAP.
    """

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model.audio_model
        self.projection = model.audio_projection

    def forward(self, input_features: Tensor, is_longer: Tensor) -> Tensor:
        output = self.model(input_features=input_features, is_longer=is_longer)
        return _unit(self.projection(output.pooler_output))


TOWERS: dict[str, type[nn.Module]] = {
    "image": PretrainedImageTower,
    "text": PretrainedTextTower,
    "audio": PretrainedAudioTower,
}


def load_towers(checkpoint: Checkpoint, device: str = "cpu", dtype: str = "float32") -> dict[str, nn.Module]:
    """Load a checkpoint and return its towers by modality, in evaluation mode.

    Raises ``CheckpointError`` for weights that do not fit: transformers would initialise missing ones at random.
    """
    checkpoint.require(FAMILIES, "The transformers encoder")
    model = load_model(checkpoint, getattr(torch, dtype)).eval().requires_grad_(False).to(device)
    return {modality: TOWERS[modality](model).eval() for modality in FAMILIES[checkpoint.model_type].modalities}


def _unit(vectors: Tensor) -> Tensor:
    return F.normalize(vectors.float(), dim=-1)

"""The towers of a checkpoint as ONNX graphs. Needs torch."""

from __future__ import annotations

from typing import Any

import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the usual name
from transformers.masking_utils import create_bidirectional_mask

from xsearch.encoders.onnx.front_ends import Arrays
from xsearch.export.graphs import trace


class _PatchedImages(nn.Module):
    """SigLIP 2 NaFlex with interpolated position embeddings as one matrix product, instead of a loop over photos."""

    def __init__(self, tower: Any) -> None:
        super().__init__()
        self.model = tower.model

    def forward(self, pixel_values: Tensor, positions: Tensor, pixel_attention_mask: Tensor) -> Tensor:
        """Encode patches (n, patches, values), positions (n, patches, grid²) and mask (n, patches)."""
        learnt = self.model.embeddings
        patches = learnt.patch_embedding(pixel_values) + positions @ learnt.position_embedding.weight
        mask = create_bidirectional_mask(
            config=self.model.config, inputs_embeds=patches, attention_mask=pixel_attention_mask
        )
        hidden = self.model.encoder(inputs_embeds=patches, attention_mask=mask).last_hidden_state
        return F.normalize(self.model.head(self.model.post_layernorm(hidden), pixel_attention_mask), dim=-1)


class _Sounds(nn.Module):
    """CLAP for sounds of one window, without the feature fusion of longer ones."""

    def __init__(self, tower: Any) -> None:
        super().__init__()
        self.tower = tower
        tower.model.audio_encoder.patch_embed.enable_fusion = False
        tower.model.audio_encoder.enable_fusion = False

    def forward(self, input_features: Tensor) -> Tensor:
        """Encode spectrograms (n, views, frames, mels), of which the first view is the sound."""
        is_longer = torch.zeros((1, 1), dtype=torch.bool)
        vectors: Tensor = self.tower(input_features[:, :1], is_longer)
        return vectors


def trace_tower(tower: Any, batch: Arrays, facts: dict[str, Any]) -> onnx.ModelProto:
    """Return the graph of one tower for batches of any size; the example ``batch`` has at least two items.

    ``facts`` are those of its front end: texts may have any number of tokens unless they are padded to the limit.
    """
    examples = {name: torch.from_numpy(array) for name, array in batch.items()}
    module, axes = tower, {0: torch.export.Dim("n")}
    if facts["kind"] == "patches":
        module = _PatchedImages(tower)
    elif facts["kind"] == "log_mel":
        module = _Sounds(tower)
    elif facts["kind"] == "tokens" and not facts["pads_to_limit"]:
        axes[1] = torch.export.Dim("tokens", max=facts["limit"])
    return trace(module, examples, dict.fromkeys(examples, axes))

"""ONNX graphs: traced from torch modules, stored in less precision, without facts about this machine.

Needs onnx and torch.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import NodeProto, TensorProto, helper, numpy_helper
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - the usual name

from xsearch.encoders.onnx.front_ends import Arrays

_SMALL = 256  # initialisers with fewer numbers stay in full precision


def trace(
    module: nn.Module, examples: Mapping[str, Tensor], dynamic: Mapping[str, Mapping[int, Any]]
) -> onnx.ModelProto:
    """Return the graph of ``module``, weights in float32; inputs are named as in ``examples``, the output ``vectors``.

    ``dynamic`` names the axes of each input whose length may differ from the example.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        program = torch.onnx.export(
            module.eval(), tuple(examples.values()), dynamo=True, input_names=list(examples),
            output_names=["vectors"], dynamic_shapes=tuple(dict(dynamic[name]) for name in examples), verbose=False,
        )  # fmt: skip
    if program is None:
        raise RuntimeError("torch exported no graph.")
    return program.model_proto


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


class _PatchedImages(nn.Module):
    """SigLIP 2 NaFlex with interpolated position embeddings as one matrix product, instead of a loop over photos."""

    def __init__(self, tower: Any) -> None:
        super().__init__()
        self.model = tower.model

    def forward(self, pixel_values: Tensor, positions: Tensor, pixel_attention_mask: Tensor) -> Tensor:
        """Encode patches (n, patches, values), positions (n, patches, grid²) and mask (n, patches)."""
        from transformers.masking_utils import create_bidirectional_mask

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


def write(model: onnx.ModelProto, path: Path) -> None:
    """Check ``model`` and write it without facts about this machine; equal models are equal files."""
    strip(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def strip(model: onnx.ModelProto) -> None:
    """Remove facts about the exporting machine: source lines, stack traces, names of modules."""
    graph = model.graph
    for part in (model, *graph.node):
        part.doc_string = ""
    for part in (model, graph, *graph.node, *graph.input, *graph.output, *graph.value_info, *graph.initializer):
        del part.metadata_props[:]


def halve(model: onnx.ModelProto, *, only_tables: bool = False) -> None:
    """Store large initialisers as float16; the computation stays in float32.

    Lookup tables stay float16 in memory too: only the rows that are found are cast. onnxruntime casts the others when
    it loads the graph; with ``only_tables`` they are left in float32.
    """
    nodes = list(model.graph.node)
    users: dict[str, list[NodeProto]] = defaultdict(list)
    for node in nodes:
        for name in node.input:
            users[name].append(node)
    for tensor in model.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or weights.size < _SMALL:
            continue
        is_table = all(node.op_type == "Gather" and node.input[0] == tensor.name for node in users[tensor.name])
        if is_table or not only_tables:
            name = tensor.name
            with np.errstate(over="ignore"):  # infinite weights are found when the export is verified
                halves = weights.astype(np.float16)
            tensor.CopyFrom(numpy_helper.from_array(halves, f"{name}_half"))
            nodes = _widen_rows(nodes, name) if is_table else [_widen(f"{name}_half", name), *nodes]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def quantise(model: onnx.ModelProto, path: Path) -> onnx.ModelProto:
    """Return ``model`` with the weights of matrix products as 8-bit integers, scaled by output channel.

    ``path`` is used for a temporary file. Activations are quantised at run time, with one scale for each run. Weights
    use 7 bits: with 8, sums overflow on processors without VNNI, which loses more accuracy than one bit.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from onnxruntime.quantization.quant_utils import add_pre_process_metadata

    add_pre_process_metadata(model)  # torch's exporter has inferred and folded already
    quantize_dynamic(
        model,
        path,
        op_types_to_quantize=["MatMul", "Gemm"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
    )
    quantised = onnx.load(path)
    path.unlink()
    halve(quantised, only_tables=True)
    return quantised


def _widen(half: str, name: str) -> NodeProto:
    return helper.make_node("Cast", [half], [name], to=TensorProto.FLOAT)


def _widen_rows(nodes: list[NodeProto], table: str) -> list[NodeProto]:
    """Make lookups in ``table`` read its float16 copy, and cast the rows that they find."""
    widened = []
    for node in nodes:
        widened.append(node)
        if table in node.input:
            found = node.output[0]
            node.input[0], node.output[0] = f"{table}_half", f"{found}_half"
            widened.append(_widen(f"{found}_half", found))
    return widened

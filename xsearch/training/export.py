"""Trained towers to ONNX files, weights in half precision."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import Tensor, nn

from xsearch.encoders.builtin import SIDE
from xsearch.training.network import ImageTower, TextTower

_SMALL = 256  # initialisers with fewer numbers stay in full precision


class _ImageGraph(nn.Module):
    """From bytes as PIL gives them to vectors."""

    def __init__(self, tower: ImageTower) -> None:
        super().__init__()
        self.tower = tower

    def forward(self, pixels: Tensor) -> Tensor:
        blocks, _ = self.tower(pixels.permute(0, 3, 1, 2).float() / 255)
        return self.tower.vector(blocks)


def export_image(tower: ImageTower, path: Path) -> None:
    """Write ``tower`` as a graph from ``pixels`` (n, SIDE, SIDE, 3) uint8 to ``vectors``."""
    pixels = torch.zeros((2, SIDE, SIDE, 3), dtype=torch.uint8)
    _export(_ImageGraph(tower).eval(), pixels, "pixels", {0: torch.export.Dim("n")}, path)


def export_text(tower: TextTower, path: Path) -> None:
    """Write ``tower`` as a graph from ``concepts`` (n, k) int64 to ``vectors``."""
    numbers = torch.ones((2, 3), dtype=torch.int64)
    _export(tower.eval(), numbers, "concepts", {0: torch.export.Dim("n"), 1: torch.export.Dim("k")}, path)


def _export(module: nn.Module, example: Tensor, name: str, dynamic: dict[int, Any], path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter warns of its own deprecations
        program = torch.onnx.export(
            module, (example,), dynamo=True, input_names=[name], output_names=["vectors"],
            dynamic_shapes=(dynamic,), verbose=False,
        )  # fmt: skip
    if program is None:
        raise RuntimeError(f"torch exported no graph for {path.name}.")
    model = program.model_proto
    _halve(model)
    _strip(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString(deterministic=True))


def _halve(model: onnx.ModelProto) -> None:
    """Store large initialisers as float16 behind a cast, which onnxruntime folds away when it loads."""
    casts = []
    for tensor in model.graph.initializer:
        weights = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or weights.size < _SMALL:
            continue
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(weights.astype(np.float16), f"{name}_half"))
        casts.append(helper.make_node("Cast", [f"{name}_half"], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *model.graph.node]
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def _strip(model: onnx.ModelProto) -> None:
    """Remove what tells about the machine that exported: source lines, stack traces, names of modules."""
    model.doc_string = ""
    del model.metadata_props[:]
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in [*model.graph.input, *model.graph.output, *model.graph.value_info, *model.graph.initializer]:
        del value.metadata_props[:]
    del model.graph.metadata_props[:]

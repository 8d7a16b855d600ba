"""Torch modules to ONNX graphs. Needs torch."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import onnx
import torch
from torch import Tensor, nn


def trace(
    module: nn.Module, examples: Mapping[str, Tensor], dynamic: Mapping[str, Mapping[int, Any]]
) -> onnx.ModelProto:
    """Return the graph of ``module`` from arrays named as in ``examples`` to ``vectors``, weights in float32.

    ``dynamic`` names the axes of each input that may have another length than in the examples.
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

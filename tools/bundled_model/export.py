"""Trained towers to ONNX files, weights in half precision."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from tools.bundled_model.network import ImageTower, TextTower
from xsearch.encoders.builtin import SIDE
from xsearch.export import graphs


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
    model = graphs.trace(module, {name: example}, {name: dynamic})
    graphs.halve(model)
    graphs.write(model, path)

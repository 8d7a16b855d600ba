"""Checkpoints to folders that ``OnnxEncoder`` serves without torch; imported by nothing that serves requests."""

from xsearch.export.checkpoint import PRECISIONS, ExportReport, TowerReport, export_checkpoint
from xsearch.export.errors import ExportError

__all__ = ["PRECISIONS", "ExportError", "ExportReport", "TowerReport", "export_checkpoint"]

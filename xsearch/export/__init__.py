"""Export of checkpoints to folders that ``OnnxEncoder`` serves without torch; nothing that serves requests uses it."""

from xsearch.export.checkpoint import PRECISIONS, ExportReport, TowerReport, export_checkpoint
from xsearch.export.folders import ExportError

__all__ = ["PRECISIONS", "ExportError", "ExportReport", "TowerReport", "export_checkpoint"]

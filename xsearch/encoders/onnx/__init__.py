"""Exported checkpoints of the Hugging Face hub, served by onnxruntime without torch."""

from xsearch.encoders.onnx.encoder import OnnxEncoder

__all__ = ["OnnxEncoder"]

"""Checkpoints of the Hugging Face hub, run by torch: CLIP, SigLIP, SigLIP 2, Chinese-CLIP, CLAP."""

from xsearch.encoders.transformers.encoder import TransformersEncoder

__all__ = ["TransformersEncoder"]

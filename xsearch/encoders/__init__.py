"""Encoders of photos, texts and sounds: the contract of backends and the configured ones."""

from xsearch.encoders.base import Encoder, EncoderAway, EncoderError, TwoStepEncoder, normalise
from xsearch.encoders.registry import encoder_from_spec, get_encoder

__all__ = [
    "Encoder",
    "EncoderAway",
    "EncoderError",
    "TwoStepEncoder",
    "encoder_from_spec",
    "get_encoder",
    "normalise",
]

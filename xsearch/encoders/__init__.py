"""Photos, texts and sounds to vectors: the backend contract and the configured backends."""

from xsearch.encoders.base import Encoder, EncoderError, normalise
from xsearch.encoders.registry import encoder_from_spec, get_encoder

__all__ = ["Encoder", "EncoderError", "encoder_from_spec", "get_encoder", "normalise"]

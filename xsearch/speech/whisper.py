"""Speech recognition by Whisper checkpoints of the Hugging Face hub, run by torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xsearch.checkpoints.local import Checkpoint, CheckpointError
from xsearch.media.audio import RATE_HZ
from xsearch.speech.beam import beam_search
from xsearch.speech.whisper_base import Heard, WhisperEngine, WhisperRecogniser
from xsearch.speech.whisper_tokens import WhisperTokens, is_multilingual, read_json

if TYPE_CHECKING:
    import torch

Floats = NDArray[np.float32]


class WhisperTranscriber(WhisperRecogniser):
    """Understands spoken English and Chinese queries with a Whisper model: ``openai/whisper-small`` unless named."""

    extra = "transformers"

    def __init__(self, *, model: str = "openai/whisper-small", **options: Any) -> None:
        super().__init__(model=model, **options)

    def load(self, checkpoint: Checkpoint) -> WhisperEngine:
        """Load safetensors into torch."""
        if checkpoint.is_ctranslate2:
            problem = f"{checkpoint.name} is converted for CTranslate2."
            raise CheckpointError(problem, "Set BACKEND to xsearch.speech.faster_whisper.FasterWhisperTranscriber.")
        return TorchEngine(checkpoint, self.device, self.dtype, self.threads)


@dataclass
class _Sound:
    """What the encoder heard, shape (1, 1500, width), and the decoder's view of it, which is computed once."""

    states: torch.Tensor
    seen: Any


class TorchEngine(WhisperEngine):
    """A Whisper model in torch. The decoder is asked step by step: transformers' own beam search would work out,
    keep and copy its view of the sound for every beam.
    """

    def __init__(self, checkpoint: Checkpoint, device: str, dtype: str | None, threads: int) -> None:
        import torch
        from transformers import WhisperFeatureExtractor

        from xsearch.checkpoints.pretrained import load_model

        self._device, self._threads = torch.device(device), threads
        self._dtype = getattr(torch, dtype or ("float16" if self._device.type == "cuda" else "float32"))
        folder = checkpoint.folder
        self._model = load_model(checkpoint, self._dtype).to(self._device).eval().requires_grad_(False)
        self._features = WhisperFeatureExtractor.from_pretrained(folder, local_files_only=True)
        self.tokens = WhisperTokens.load(folder, multilingual=is_multilingual(folder, checkpoint.config))
        self.context = int(self._model.config.max_target_positions)
        told = {**checkpoint.config, **read_json(folder / "generation_config.json")}
        self._never = list(told.get("suppress_tokens") or [])
        self._never_first = list(told.get("begin_suppress_tokens") or [])

    def encode(self, samples: Floats) -> _Sound:
        """Run the encoder on the log-mel spectrogram, padded to 30 s."""
        import torch

        torch.set_num_threads(self._threads)
        features = self._features(samples, sampling_rate=RATE_HZ, return_tensors="pt").input_features
        with torch.inference_mode():
            states = self._model.model.encoder(features.to(self._device, self._dtype)).last_hidden_state
        return _Sound(states, self._empty_cache())

    def likeliest_language(self, sound: _Sound, codes: Sequence[str]) -> str:
        """Ask the decoder which language token comes first."""
        if len(codes) == 1:
            return codes[0]
        logits, _ = self._ask(sound, [self.tokens.start])
        return max(codes, key=lambda code: float(logits[-1, self.tokens.language(code)]))

    def decode(self, sound: _Sound, prefix: Sequence[int], *, beams: int, max_tokens: int) -> Heard:
        """Search with ``beams`` beams, on one view of the sound."""
        logits, past = self._ask(sound, prefix, [prefix.index(self.tokens.start), len(prefix) - 1])
        no_speech = float(np.exp(_log_softmax(logits[:1])[0, self.tokens.no_speech]))
        first = self._allowed(logits[1:], self._never + self._never_first)
        hypotheses = beam_search(
            first[0],
            lambda rows, tokens: self._step(past, rows, tokens),
            beams=beams,
            end_token=self.tokens.end,
            max_tokens=max_tokens,
        )
        return Heard(hypotheses, no_speech)

    def _ask(self, sound: _Sound, tokens: Sequence[int], at: Sequence[int] = (-1,)) -> tuple[Floats, Any]:
        """Run the decoder on one sequence; return the logits at some positions, and what it remembers."""
        import torch
        from transformers import EncoderDecoderCache

        _share(sound.seen, 1)
        past = EncoderDecoderCache(self._empty_cache(), sound.seen)
        with torch.inference_mode():
            ids = torch.tensor([list(tokens)], device=self._device)
            states = self._model.model.decoder(
                input_ids=ids, encoder_hidden_states=sound.states, past_key_values=past, use_cache=True
            ).last_hidden_state
            return self._logits(states[0, list(at)]), (sound, past)

    def _step(self, past: Any, rows: Sequence[int], tokens: Sequence[int]) -> Floats:
        """Let the beams of ``rows`` go on with ``tokens``; return the log-probabilities of what follows."""
        import torch

        sound, cache = past
        with torch.inference_mode():
            cache.self_attention_cache.reorder_cache(torch.tensor(list(rows), device=self._device))
            _share(sound.seen, len(rows))
            states = self._model.model.decoder(
                input_ids=torch.tensor(list(tokens), device=self._device)[:, None],
                encoder_hidden_states=sound.states.expand(len(rows), -1, -1),
                past_key_values=cache,
                use_cache=True,
            ).last_hidden_state
            return self._allowed(self._logits(states[:, -1]), self._never)

    def _logits(self, states: torch.Tensor) -> Floats:
        logits: Floats = self._model.proj_out(states).float().cpu().numpy()
        return logits

    def _allowed(self, logits: Floats, never: Sequence[int]) -> Floats:
        """Return log-probabilities of text and its end, shape (n, tokens): nothing else may follow."""
        scores = _log_softmax(logits)
        scores[:, self.tokens.end + 1 :] = -np.inf
        scores[:, list(never)] = -np.inf
        return scores

    def _empty_cache(self) -> Any:
        from transformers import DynamicCache

        return DynamicCache()


def _share(seen: Any, beams: int) -> None:
    """Let so many beams look at the one view of the sound, in the same memory."""
    for layer in seen.layers:
        layer.keys = layer.keys[:1].expand(beams, -1, -1, -1)
        layer.values = layer.values[:1].expand(beams, -1, -1, -1)


def _log_softmax(logits: Floats) -> Floats:
    shifted = logits - logits.max(axis=1, keepdims=True)
    scores: Floats = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return scores

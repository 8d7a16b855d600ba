"""Speech recognition by Whisper checkpoints of the Hugging Face hub, run by torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from xsearch.checkpoints.local import Checkpoint, CheckpointError
from xsearch.media.audio import RATE_HZ
from xsearch.speech.whisper_base import DecodingResult, TokenHypothesis, WhisperEngine, WhisperRecogniser
from xsearch.speech.whisper_prompt import WhisperTokens, read_json

if TYPE_CHECKING:
    import torch

_Scores = NDArray[np.float32]
#: Takes the beams that continue (rows of the step before) and their newest tokens; returns the log-probabilities of
#: the next token, shape (beams, tokens).
_Step = Callable[[Sequence[int], Sequence[int]], _Scores]


class WhisperTranscriber(WhisperRecogniser):
    """Recognises spoken English and Chinese with a Whisper model: ``openai/whisper-small`` by default."""

    extra, default_model = "transformers", "openai/whisper-small"

    def load(self, checkpoint: Checkpoint) -> WhisperEngine:
        """Load the safetensors weights into torch."""
        if checkpoint.is_ctranslate2:
            problem = f"{checkpoint.name} is converted for CTranslate2."
            raise CheckpointError(problem, "Set BACKEND to xsearch.speech.faster_whisper.FasterWhisperTranscriber.")
        return TorchEngine(checkpoint, self.device, self.dtype, self.threads)


@dataclass
class _Sound:
    """Output of the encoder, shape (1, 1500, width), and the decoder's cross-attention cache, computed once."""

    states: torch.Tensor
    cross_attention: Any


class TorchEngine(WhisperEngine):
    """A Whisper model in torch with our own beam search.

    That of transformers computes, keeps and copies the cross-attention to the sound for every beam.
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
        self.tokens = WhisperTokens.load(checkpoint)
        self.context = int(self._model.config.max_target_positions)
        options = {**checkpoint.config, **read_json(folder / "generation_config.json")}
        self._never = list(options.get("suppress_tokens") or [])
        self._never_first = list(options.get("begin_suppress_tokens") or [])

    def encode(self, samples: NDArray[np.float32]) -> _Sound:
        """Run the encoder on the log-mel spectrogram, padded to 30 s."""
        import torch
        from transformers import DynamicCache

        torch.set_num_threads(self._threads)
        features = self._features(samples, sampling_rate=RATE_HZ, return_tensors="pt").input_features
        with torch.inference_mode():
            states = self._model.model.encoder(features.to(self._device, self._dtype)).last_hidden_state
        return _Sound(states, DynamicCache())

    def likeliest_language(self, sound: _Sound, codes: Sequence[str]) -> str:
        """Return the language whose token is the most probable first one."""
        if len(codes) == 1:
            return codes[0]
        logits, _ = self._decode_once(sound, [self.tokens.start])
        return max(codes, key=lambda code: float(logits[-1, self.tokens.language(code)]))

    def decode(self, sound: _Sound, prefix: Sequence[int], *, beams: int, max_tokens: int) -> DecodingResult:
        """Search with ``beams`` beams, which share the cross-attention to the sound."""
        logits, past = self._decode_once(sound, prefix, [prefix.index(self.tokens.start), len(prefix) - 1])
        no_speech = float(np.exp(_log_softmax(logits[:1])[0, self.tokens.no_speech]))
        first = self._allowed(logits[1:], self._never + self._never_first)[0]
        step = partial(self._step, past)
        hypotheses = beam_search(first, step, beams=beams, end_token=self.tokens.end, max_tokens=max_tokens)
        return DecodingResult(hypotheses, no_speech)

    def _decode_once(self, sound: _Sound, tokens: Sequence[int], at: Sequence[int] = (-1,)) -> tuple[_Scores, Any]:
        """Run the decoder on one sequence; return the logits at some positions, and its caches."""
        import torch
        from transformers import DynamicCache, EncoderDecoderCache

        _share(sound.cross_attention, 1)
        past = EncoderDecoderCache(DynamicCache(), sound.cross_attention)
        with torch.inference_mode():
            ids = torch.tensor([list(tokens)], device=self._device)
            return self._run_decoder(ids, sound.states, past, list(at))[0], (sound, past)

    def _step(self, past: Any, rows: Sequence[int], tokens: Sequence[int]) -> _Scores:
        """Continue the beams of ``rows`` with ``tokens``; return the log-probabilities of the next tokens."""
        import torch

        sound, cache = past
        with torch.inference_mode():
            cache.self_attention_cache.reorder_cache(torch.tensor(list(rows), device=self._device))
            _share(sound.cross_attention, len(rows))
            ids = torch.tensor(list(tokens), device=self._device)[:, None]
            logits = self._run_decoder(ids, sound.states.expand(len(rows), -1, -1), cache, [-1])
            return self._allowed(logits[:, 0], self._never)

    def _run_decoder(self, ids: torch.Tensor, sound: torch.Tensor, past: Any, at: list[int]) -> _Scores:
        """Return the logits at some positions, shape (n, positions, tokens)."""
        run = self._model.model.decoder
        states = run(input_ids=ids, encoder_hidden_states=sound, past_key_values=past, use_cache=True).last_hidden_state
        logits: _Scores = self._model.proj_out(states[:, at]).float().cpu().numpy()
        return logits

    def _allowed(self, logits: _Scores, never: Sequence[int]) -> _Scores:
        """Return log-probabilities of text tokens and the end token, shape (n, tokens); all others are excluded."""
        scores = _log_softmax(logits)
        scores[:, self.tokens.end + 1 :] = -np.inf
        scores[:, list(never)] = -np.inf
        return scores


def _share(cross_attention: Any, beams: int) -> None:
    """Expand the cross-attention cache to so many beams, in the same memory."""
    for layer in cross_attention.layers:
        layer.keys = layer.keys[:1].expand(beams, -1, -1, -1)
        layer.values = layer.values[:1].expand(beams, -1, -1, -1)


def _log_softmax(logits: _Scores) -> _Scores:
    shifted = logits - logits.max(axis=1, keepdims=True)
    scores: _Scores = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return scores


def beam_search(first: _Scores, step: _Step, *, beams: int, end_token: int, max_tokens: int) -> list[TokenHypothesis]:
    """Return up to ``beams`` hypotheses, the best mean log-probability first; one beam is greedy search.

    ``first`` are the log-probabilities of the first token, shape (tokens,). The search ends when ``beams`` hypotheses
    have ended (Whisper's rule with patience 1).
    """
    live: list[tuple[float, tuple[int, ...]]] = [(0.0, ())]
    scores, finished = first[None, :], list[TokenHypothesis]()
    while True:
        ended, grown = _extend(live, scores, beams, end_token)
        finished += ended
        live = [(total, tokens) for _, total, tokens in grown]
        if len(finished) >= beams or not grown or len(grown[0][2]) >= max_tokens:
            break
        scores = step([row for row, *_ in grown], [tokens[-1] for *_, tokens in grown])
    if len(finished) < beams:
        finished += [TokenHypothesis(tokens, total / len(tokens)) for total, tokens in live]
    return sorted(finished, key=lambda found: (-found.log_probability, found.tokens))[:beams]


def _extend(
    live: list[tuple[float, tuple[int, ...]]], scores: _Scores, beams: int, end_token: int
) -> tuple[list[TokenHypothesis], list[tuple[int, float, tuple[int, ...]]]]:
    """Return the hypotheses that end here and the (row, sum of log-probabilities, tokens) that continue, best first."""
    likeliest = np.argpartition(-scores, min(beams, scores.shape[1] - 1), axis=1)[:, : beams + 1]
    candidates = [
        (total + float(scores[row, token]), row, int(token))
        for row, (total, _) in enumerate(live)
        for token in likeliest[row]
        if np.isfinite(scores[row, token])
    ]
    ended: list[TokenHypothesis] = []
    grown: list[tuple[int, float, tuple[int, ...]]] = []
    for total, row, token in sorted(candidates, key=lambda one: (-one[0], one[1], one[2])):
        tokens = live[row][1]
        if token == end_token:
            ended.append(TokenHypothesis(tokens, total / (len(tokens) + 1)))
        else:
            grown.append((row, total, (*tokens, token)))
        if len(grown) == beams:
            break
    return ended, grown

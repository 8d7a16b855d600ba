"""Speech recognition by Whisper checkpoints converted for CTranslate2: no torch, and int8 on CPUs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xsearch.checkpoints.local import Checkpoint, CheckpointError
from xsearch.speech.whisper_base import DecodingResult, TokenHypothesis, WhisperEngine, WhisperRecogniser
from xsearch.speech.whisper_prompt import WhisperTokens, read_json

#: Token limit of Whisper's decoders of all sizes.
CONTEXT = 448


class FasterWhisperTranscriber(WhisperRecogniser):
    """Like ``WhisperTranscriber`` and faster on a CPU; ``Systran/faster-whisper-small`` by default.

    ``dtype`` is CTranslate2's compute type, by default int8 on a CPU and int8_float16 on a GPU.
    """

    extra, default_model = "faster-whisper", "Systran/faster-whisper-small"

    def load(self, checkpoint: Checkpoint) -> WhisperEngine:
        """Load a converted checkpoint."""
        if not checkpoint.is_ctranslate2:
            problem = f"{checkpoint.name} is not converted for CTranslate2."
            convert = f"ct2-transformers-converter --model {checkpoint.folder} --output_dir whisper-ct2"
            more = "--quantization int8 --copy_files tokenizer.json preprocessor_config.json"
            raise CheckpointError(problem, f"Set OPTIONS['model'] to the folder that this makes: {convert} {more}")
        return CTranslate2Engine(checkpoint, self.device, self.dtype, self.threads)


class CTranslate2Engine(WhisperEngine):
    """A Whisper model in CTranslate2, which has its own beam search; calls of several threads queue up."""

    context = CONTEXT

    def __init__(self, checkpoint: Checkpoint, device: str, dtype: str | None, threads: int) -> None:
        import ctranslate2  # type: ignore[import-untyped]
        from faster_whisper.feature_extractor import FeatureExtractor  # type: ignore[import-untyped]

        folder = checkpoint.folder
        compute_type = dtype or ("int8" if device == "cpu" else "int8_float16")
        try:
            self._model = ctranslate2.models.Whisper(
                str(folder), device=device, compute_type=compute_type, intra_threads=threads, inter_threads=1
            )
        except (RuntimeError, ValueError) as error:
            problem = f"CTranslate2 cannot load {checkpoint.name}: {error}."
            raise CheckpointError(problem, "Convert it again, or choose another device or dtype.") from error
        mel_bins = read_json(folder / "preprocessor_config.json").get("feature_size") or self._model.n_mels
        self._features = FeatureExtractor(feature_size=int(mel_bins))
        self.tokens = WhisperTokens.load(checkpoint)

    def encode(self, samples: NDArray[np.float32]) -> Any:
        """Run the encoder on the log-mel spectrogram, padded to 30 s."""
        import ctranslate2

        window = self._features.n_samples
        features = self._features(np.pad(samples[:window], (0, max(0, window - len(samples)))), padding=0)
        features = np.ascontiguousarray(features[None, :, : self._features.nb_max_frames])
        return self._model.encode(ctranslate2.StorageView.from_array(features))

    def likeliest_language(self, sound: Any, codes: Sequence[str]) -> str:
        """Return the most probable of ``codes``; the model rates about a hundred languages."""
        if len(codes) == 1:
            return codes[0]
        found = {name.strip("<|>"): probability for name, probability in self._model.detect_language(sound)[0]}
        return max(codes, key=lambda code: found.get(code, 0.0))

    def decode(self, sound: Any, prefix: Sequence[int], *, beams: int, max_tokens: int) -> DecodingResult:
        """Search with ``beams`` beams."""
        # CTranslate2 generates what the prefix leaves of the maximum length, but at most half of it.
        longest = max(2 * max_tokens, len(prefix) - 1 + max_tokens)
        result = self._model.generate(
            sound,
            [list(prefix)],
            beam_size=beams,
            num_hypotheses=beams,
            max_length=min(longest, self.context),
            return_scores=True,
            return_no_speech_prob=True,
        )[0]
        hypotheses = [
            # CTranslate2 sums up the end token too, but divides by the number of tokens without it.
            TokenHypothesis(tuple(tokens), score * len(tokens) / (len(tokens) + 1))
            for tokens, score in zip(result.sequences_ids, result.scores, strict=True)
        ]
        return DecodingResult(hypotheses, float(result.no_speech_prob))

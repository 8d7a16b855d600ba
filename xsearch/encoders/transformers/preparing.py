"""Preprocessing by a checkpoint's own tokenizer and processors: one item → tensors, then batches. Needs torch."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import torch
import transformers
from PIL import Image
from torch import Tensor

from xsearch.checkpoints.local import Checkpoint
from xsearch.checkpoints.pretrained import quiet
from xsearch.encoders.base import MAX_ASPECT, EncoderError, crop_to_aspect, first_window
from xsearch.encoders.transformers.families import FAMILIES

if TYPE_CHECKING:
    from xsearch.media import Waveform

#: Named tensors of one item, without the batch dimension; None for an empty text or silence.
PreparedTensors = dict[str, Tensor] | None

_VOCABULARIES = ("tokenizer.json", "vocab.*", "*.model")


class Preparer:
    """Prepares items for one checkpoint; safe in any thread.

    ``prompt`` is a template for texts such as "a photo of {}".
    """

    def __init__(self, checkpoint: Checkpoint, prompt: str | None = None) -> None:
        self._checkpoint = checkpoint
        self._family = FAMILIES[checkpoint.model_type]
        self._prompt = prompt or "{}"
        self._limit = self._family.token_limit(checkpoint.config)

    def prepare(self, modality: str, item: Any) -> PreparedTensors:
        """Return the named tensors of one item."""
        by_modality: dict[str, Callable[[Any], PreparedTensors]] = {
            "text": self._prepare_text,
            "image": self._prepare_image,
            "audio": self._prepare_audio,
        }
        return by_modality[modality](item)

    def collate(self, modality: str, items: Sequence[dict[str, Tensor]]) -> dict[str, Tensor]:
        """Return the named tensors of a batch; texts are padded to the longest, or to the family's limit."""
        if modality != "text":
            return {name: torch.stack([item[name] for item in items]) for name in items[0]}
        return self._pad([item["input_ids"] for item in items])

    def _prepare_text(self, text: str) -> PreparedTensors:
        if not text.strip():
            return None
        text = self._prompt.replace("{}", text)
        text = text.lower() if self._family.is_lowercase else text
        return {"input_ids": torch.tensor(self.tokenizer.backend_tokenizer.encode(text).ids)}

    def _pad(self, rows: Sequence[Tensor]) -> dict[str, Tensor]:
        length = self._limit if self._family.pads_to_limit else max(map(len, rows))
        numbers = torch.full((len(rows), length), self.tokenizer.pad_token_id)
        is_padding = torch.ones((len(rows), length), dtype=torch.bool)
        for number, row in enumerate(rows):
            place = slice(length - len(row), length) if self.tokenizer.padding_side == "left" else slice(0, len(row))
            numbers[number, place] = row
            is_padding[number, place] = False
        has_mask = "attention_mask" in self.tokenizer.model_input_names  # SigLIP reads its padding
        return {"input_ids": numbers, "attention_mask": (~is_padding if has_mask else torch.ones_like(numbers)).long()}

    def _prepare_image(self, image: Image.Image) -> PreparedTensors:
        if "shortest_edge" in (self.image_processor.size or {}):
            image = crop_to_aspect(image, MAX_ASPECT)
        tensors = self.image_processor(images=[image], return_tensors="pt")
        return {name: tensor[0] for name, tensor in tensors.items()}

    def _prepare_audio(self, waveform: Waveform) -> PreparedTensors:
        """Take the first window only: of longer sounds the extractor takes a random part."""
        extractor = self.feature_extractor
        samples = first_window(waveform, extractor.sampling_rate, extractor.nb_max_samples)
        if samples is None:
            return None
        features = extractor(samples, sampling_rate=extractor.sampling_rate, return_tensors="pt")["input_features"][0]
        return {"input_features": features.float(), "is_longer": torch.zeros(1, dtype=torch.bool)}

    @cached_property
    def tokenizer(self) -> Any:
        """The checkpoint's tokenizer; truncation is set here, before any thread uses it."""
        if not any(file for pattern in _VOCABULARIES for file in self._checkpoint.folder.glob(pattern)):
            raise self._missing("tokenizer", "there is no vocabulary")  # transformers would make an empty one
        tokenizer = self._load_tokenizer()
        tokenizer.backend_tokenizer.no_padding()
        tokenizer.backend_tokenizer.enable_truncation(self._limit)
        return tokenizer

    def _load_tokenizer(self) -> Any:
        """Load the tokenizer; from tokenizer.json alone if its class needs a missing package (sentencepiece)."""
        try:
            return self._load(transformers.AutoTokenizer, "tokenizer")
        except EncoderError as error:
            has_all = (self._checkpoint.folder / "tokenizer.json").is_file()
            if not (has_all and isinstance(error.__cause__, ImportError)):
                raise
            return self._load(transformers.PreTrainedTokenizerFast, "tokenizer")

    @cached_property
    def image_processor(self) -> Any:
        """The checkpoint's image processor, on torchvision where it is installed."""
        return self._load(transformers.AutoImageProcessor, "image processor")

    @cached_property
    def feature_extractor(self) -> Any:
        """The checkpoint's extractor of spectrograms."""
        return self._load(transformers.AutoFeatureExtractor, "feature extractor")

    def _load(self, auto: Any, what: str) -> Any:
        try:
            with quiet():
                return auto.from_pretrained(self._checkpoint.folder, local_files_only=True, trust_remote_code=False)
        except Exception as error:  # missing and damaged files fail in any way
            raise self._missing(what, f"{error.__class__.__name__}: {str(error).strip()}") from error

    def _missing(self, what: str, reason: str) -> EncoderError:
        return EncoderError(
            f"The {what} of {self._checkpoint.name} cannot be loaded from {self._checkpoint.folder} ({reason}). "
            "Fetch all .json and .txt files of the checkpoint again: python manage.py xsearch_download"
        )

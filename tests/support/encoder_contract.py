"""What every encoder backend must do; a backend's tests inherit ``EncoderContract``."""

from __future__ import annotations

import itertools
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from xsearch.encoders import Encoder


class EncoderContract:
    """Inherit, and give ``make_encoder`` and ``items``: for each modality some that the encoder knows well."""

    def make_encoder(self) -> Encoder:
        raise NotImplementedError

    def items(self) -> dict[str, list]:
        raise NotImplementedError

    #: Inputs about which the encoder knows nothing, by modality.
    unknown: dict[str, list] = {}

    @pytest.fixture
    def encoder(self):
        return self.make_encoder()

    @pytest.fixture
    def cases(self):
        return list(self.items().items())

    def test_items_for_every_modality_are_tested(self, encoder, cases):
        assert {modality for modality, _ in cases} == encoder.modalities

    def test_vectors_have_the_declared_shape_and_type(self, encoder, cases):
        for modality, items in cases:
            vectors = encoder.encode_batch(modality, items)
            assert vectors.shape == (len(items), encoder.dimension)
            assert vectors.dtype == np.float32

    def test_vectors_have_unit_length(self, encoder, cases):
        for modality, items in cases:
            lengths = np.linalg.norm(encoder.encode_batch(modality, items), axis=1)
            assert lengths == pytest.approx(np.ones(len(items)), abs=1e-4)

    def test_different_inputs_get_different_vectors(self, encoder, cases):
        for modality, items in cases:
            vectors = encoder.encode_batch(modality, items)
            for first, second in itertools.combinations(vectors, 2):
                assert first @ second < 0.999

    def test_encoding_twice_gives_the_same(self, encoder, cases):
        for modality, items in cases:
            assert np.array_equal(encoder.encode_batch(modality, items), encoder.encode_batch(modality, items))

    def test_a_batch_gives_what_its_items_give_one_by_one(self, encoder, cases):
        for modality, items in cases:
            single = np.concatenate([encoder.encode_batch(modality, [item]) for item in items])
            assert encoder.encode_batch(modality, items) == pytest.approx(single, abs=1e-3)

    def test_no_items_give_no_rows(self, encoder):
        for modality in encoder.modalities:
            assert encoder.encode_batch(modality, []).shape == (0, encoder.dimension)

    def test_what_the_encoder_knows_nothing_about_gives_zeros_beside_known_items(self, encoder, cases):
        for modality, items in cases:
            vectors = encoder.encode_batch(modality, [items[0], *self.unknown.get(modality, [])])
            assert vectors[0].any()
            assert not vectors[1:].any()

    def test_another_modality_is_refused_with_those_it_has(self, encoder):
        for modality in {"text", "image", "audio", "smell"} - encoder.modalities:
            with pytest.raises(ValueError, match=next(iter(encoder.modalities))):
                encoder.encode_batch(modality, [])

    def test_threads_get_what_one_caller_gets(self, cases):
        shared = self.make_encoder()
        calls = [(modality, [item]) for modality, items in cases for item in items] * 3
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda call: shared.encode_batch(*call), calls))
        for call, answer in zip(calls, answers, strict=True):
            assert answer == pytest.approx(shared.encode_batch(*call), abs=1e-4)

    def test_the_fingerprint_is_stable(self, encoder):
        assert encoder.fingerprint
        assert self.make_encoder().fingerprint == encoder.fingerprint

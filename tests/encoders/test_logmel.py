"""Sounds as vectors: what sounds alike is near, whatever the pitch, the noise or the cut."""

from __future__ import annotations

import sys
import warnings

import numpy as np
import pytest

from xsearch.encoders import EncoderError
from xsearch.encoders.logmel import LogMelEncoder
from xsearch.media import Waveform

RATE_HZ = 16_000


def _tone(hz, partials, *, attack_s, decay_s, seconds=1.6, inharmonic=0.0, breath=0.0):
    """A synthesised instrument: partials (multiple, level) under an envelope, with breath noise."""
    t = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    sound = sum(
        level * np.exp(-t * i * inharmonic) * np.sin(2 * np.pi * hz * multiple * t)
        for i, (multiple, level) in enumerate(partials)
        if hz * multiple < RATE_HZ / 2
    )
    sound = sound + breath * np.random.default_rng(1).normal(size=len(t))
    envelope = np.minimum(t / attack_s, 1) * np.exp(-t / decay_s)
    sound = sound * envelope
    return (0.7 * sound / np.abs(sound).max()).astype(np.float32)


def flute(hz):
    return _tone(hz, [(1, 1), (2, 0.2), (3, 0.05)], attack_s=0.12, decay_s=6, breath=0.03)


def violin(hz):
    return _tone(hz, [(n, 1 / n**0.8) for n in range(1, 16)], attack_s=0.18, decay_s=8)


def bell(hz):
    partials = [(1, 0.6), (2.0, 0.5), (2.4, 0.4), (3.01, 0.35), (4.5, 0.3), (5.33, 0.2), (6.67, 0.1)]
    return _tone(hz * 1.5, partials, attack_s=0.003, decay_s=0.5, inharmonic=0.6)


def guitar(hz):
    partials = [(n, 1 / n**1.3) for n in range(1, 12)]
    return _tone(hz * 0.5, partials, attack_s=0.005, decay_s=0.35, inharmonic=0.8)


def rattle(hz):
    rng = np.random.default_rng(int(hz))
    noise = np.diff(rng.normal(size=int(1.6 * RATE_HZ) + 1))
    gate = (np.sin(2 * np.pi * 7 * np.arange(len(noise)) / RATE_HZ) > 0.6).astype(float)
    return (0.3 * noise * gate / np.abs(noise).max()).astype(np.float32)


INSTRUMENTS = [flute, violin, bell, guitar, rattle]


def _encode(*sounds):
    return LogMelEncoder().encode_batch("audio", [Waveform(sound.astype(np.float32)) for sound in sounds])


def _assert_each_finds_its_instrument(queries, catalogue):
    scores = queries @ catalogue.T
    assert scores.argmax(axis=1).tolist() == list(range(len(INSTRUMENTS)))


@pytest.mark.parametrize("hz", [370, 415, 494, 554])
def test_an_instrument_is_nearest_to_itself_at_another_pitch(hz):
    catalogue = _encode(*(play(440) for play in INSTRUMENTS))
    _assert_each_finds_its_instrument(_encode(*(play(hz) for play in INSTRUMENTS)), catalogue)


def test_noise_loudness_and_a_cut_do_not_hide_an_instrument():
    catalogue = _encode(*(play(440) for play in INSTRUMENTS))
    rng = np.random.default_rng(0)
    spoilt = [play(466)[:RATE_HZ] * 0.3 for play in INSTRUMENTS]
    spoilt = [sound + rng.normal(size=len(sound)) * np.abs(sound).max() * 0.005 for sound in spoilt]
    _assert_each_finds_its_instrument(_encode(*spoilt), catalogue)


def test_silence_before_and_after_a_sound_changes_little():
    sound = guitar(440)
    padded = np.concatenate([np.zeros(RATE_HZ), sound, np.zeros(RATE_HZ)])
    plain, late = _encode(sound, padded)
    assert plain @ late > 0.98


@pytest.mark.parametrize("seconds", [0, 0.001, 2])
def test_silence_and_nothing_give_zeros(seconds):
    assert not _encode(np.zeros(int(seconds * RATE_HZ))).any()


def test_a_click_of_a_few_samples_is_encoded():
    assert np.linalg.norm(_encode(np.array([0.0, 0.9, -0.8, 0.2]))) == pytest.approx(1, abs=1e-5)


def test_missing_librosa_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "librosa", None)
    with pytest.raises(EncoderError, match=r"pip install 'django-xsearch\[sound\]'"):
        _encode(flute(440))


def test_encoding_gives_no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _encode(*(play(440) for play in INSTRUMENTS), np.ones(RATE_HZ))

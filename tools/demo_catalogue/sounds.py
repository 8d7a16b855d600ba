"""Sounds of products: a short recording of everything that rings, squeaks, rolls or can be played."""

from __future__ import annotations

import io
import wave
from collections.abc import Callable

import av
import numpy as np

from tools.demo_catalogue.synthesis import (
    RATE_HZ,
    Sound,
    glide,
    modes,
    noise_burst,
    pcm16,
    pluck,
    room,
    sequence,
    swell,
)

Player = Callable[[np.random.Generator], Sound]

_BELL = [(0.5, 0.5, 1.6), (1, 1, 1.3), (1.19, 0.6, 0.9), (1.5, 0.4, 0.7), (2, 0.7, 0.8), (2.74, 0.35, 0.4),
         (3, 0.3, 0.35), (3.76, 0.25, 0.25), (4.07, 0.2, 0.2)]  # fmt: skip
_METAL_BAR = [(1, 1, 0.9), (2.756, 0.45, 0.45), (5.404, 0.25, 0.2), (8.933, 0.1, 0.08)]
_WOOD_BAR = [(1, 1, 0.22), (3.0, 0.35, 0.09), (6.1, 0.15, 0.04)]
_MEMBRANE = [(1, 1, 0.30), (1.594, 0.6, 0.2), (2.136, 0.4, 0.15), (2.296, 0.3, 0.12), (2.653, 0.25, 0.1),
             (2.918, 0.2, 0.08)]  # fmt: skip
_JINGLE = [(1, 1, 0.12), (1.34, 0.8, 0.1), (1.71, 0.7, 0.09), (2.13, 0.5, 0.07), (2.6, 0.4, 0.05)]


def _note(semitones: float, base_hz: float) -> float:
    return float(base_hz * 2 ** (semitones / 12))


def guitar(rng: np.random.Generator) -> Sound:
    """A slow arpeggio over six strings, then the chord."""
    chord = [(-24, -17, -12, -8, -5, 0), (-19, -12, -7, -3, 0, 5), (-22, -15, -10, -6, -3, 2)][rng.integers(3)]
    strings = [pluck(_note(tone, 329.6), 2.6 - 0.14 * index, rng, decay=0.997) for index, tone in enumerate(chord)]
    strummed = [pluck(_note(tone, 329.6), 1.6, rng, decay=0.997) for tone in chord]
    starts = [0.14 * index for index in range(6)] + [1.15 + 0.018 * index for index in range(6)]
    return room(sequence([*strings, *strummed], starts), rng)


def ukulele(rng: np.random.Generator) -> Sound:
    """Four nylon strings strummed in a light rhythm."""
    chord = [(0, 4, 7, 12), (5, 9, 12, 17), (2, 7, 11, 14)][rng.integers(3)]
    sounds, starts = [], []
    for strum, start in enumerate((0.0, 0.45, 0.68, 1.12, 1.35)):
        order = chord if strum % 2 == 0 else chord[::-1]
        for index, tone in enumerate(order):
            sounds.append(pluck(_note(tone, 392.0), 0.9, rng, decay=0.985, soft=4))
            starts.append(start + 0.014 * index)
    return room(sequence(sounds, starts), rng, amount=0.08)


def drum(rng: np.random.Generator) -> Sound:
    """A skin struck in a short march."""
    base = rng.uniform(95, 190)
    beats = [(0.0, 1.0), (0.4, 0.6), (0.6, 0.6), (0.8, 1.0), (1.2, 0.5), (1.3, 0.5), (1.4, 0.7), (1.6, 1.0)]
    hits = []
    for _, force in beats:
        skin = modes(base, 0.6, _MEMBRANE, rng, attack_s=0.001)
        stick = noise_burst(0.6, rng, decay_s=0.018, low_hz=300, high_hz=5000)
        hits.append(force * (skin + 0.8 * stick))
    return room(sequence(hits, [start for start, _ in beats]), rng)


def bell(rng: np.random.Generator) -> Sound:
    """A hand bell rung three times."""
    base = rng.uniform(620, 1250)
    return sequence([force * modes(base, 2.2, _BELL, rng) for force in (1.0, 0.8, 0.9)], (0.0, 0.42, 0.84))


def xylophone(rng: np.random.Generator) -> Sound:
    """A run up and down the bars."""
    bars = _WOOD_BAR if rng.random() < 0.5 else _METAL_BAR
    tune = [(0, 2, 4, 5, 7, 9, 11, 12), (0, 4, 7, 12, 7, 4, 0, 12), (12, 11, 9, 7, 5, 4, 2, 0)][rng.integers(3)]
    notes = []
    for tone in tune:
        mallet = noise_burst(0.9, rng, decay_s=0.006, low_hz=800, high_hz=7000)
        notes.append(modes(_note(tone, 523.3), 0.9, bars, rng, attack_s=0.001) + 0.25 * mallet)
    return room(sequence(notes, [0.22 * index for index in range(len(tune))]), rng, amount=0.06)


def tambourine(rng: np.random.Generator) -> Sound:
    """Shaken jingles with two slaps on the frame."""
    sounds, starts = [], []
    for step in range(12):
        accent = step % 4 == 0
        jingles = sum(modes(rng.uniform(4200, 5600), 0.35, _JINGLE, rng) for _ in range(4))
        rattle = noise_burst(0.35, rng, decay_s=0.05, low_hz=4500, high_hz=11000)
        slap = modes(rng.uniform(210, 240), 0.35, _MEMBRANE, rng) if accent else 0
        sounds.append((1.0 if accent else 0.55) * (0.35 * jingles + 0.8 * rattle) + 0.9 * slap)
        starts.append(0.15 * step + rng.uniform(-0.008, 0.008))
    return sequence(sounds, np.maximum(starts, 0))


def squeak(rng: np.random.Generator) -> Sound:
    """Rubber squeezed twice: air through a reed that rises, wavers and falls."""
    top = rng.uniform(850, 1250)
    harmonics = [1, 0.75, 0.6, 0.5, 0.3, 0.25, 0.15, 0.1]
    calls = []
    for length in (0.28, 0.2, 0.42):
        voice = glide((top * 0.55, top, top * 0.92, top * 0.6), length, harmonics, vibrato_hz=34)
        breath = noise_burst(length, rng, decay_s=0.5, low_hz=1500, high_hz=6000)
        calls.append(swell(voice + 0.25 * breath, attack_s=0.02, release_s=0.06))
    return sequence(calls, (0.05, 0.5, 0.85))


def toy_engine(rng: np.random.Generator) -> Sound:
    """A small motor that starts, climbs through two gears, and honks."""
    low = rng.uniform(55, 80)
    harmonics = [1, 0.9, 0.7, 0.6, 0.45, 0.35, 0.3, 0.2, 0.2, 0.15]
    motor = glide((low, low * 1.8, low * 2.6, low * 1.6, low * 2.8, low * 3), 1.7, harmonics, vibrato_hz=17)
    motor = swell(motor + 0.3 * noise_burst(1.7, rng, decay_s=9, low_hz=300, high_hz=3000), attack_s=0.1, release_s=0.3)
    two_tones = glide((440, 440), 0.16, [1, 0.7, 0.5, 0.4]) + glide((554, 554), 0.16, [1, 0.7, 0.5])
    horn = swell(two_tones, attack_s=0.01, release_s=0.03)
    return sequence([motor, horn, horn], (0.0, 1.75, 1.97))


def ball_bounce(rng: np.random.Generator) -> Sound:
    """A ball that bounces away, each time sooner."""
    base = rng.uniform(110, 170)
    hits, starts, start, gap, force = [], [], 0.0, 0.5, 1.0
    for _ in range(8):
        thud = modes(base, 0.3, [(1, 1, 0.05), (2.1, 0.5, 0.03), (4.7, 0.4, 0.05), (6.2, 0.3, 0.04)], rng)
        hits.append(force * (thud + 0.4 * noise_burst(0.3, rng, decay_s=0.01, low_hz=400, high_hz=4000)))
        starts.append(start)
        start, gap, force = start + gap, gap * 0.78, force * 0.8
    return room(sequence(hits, starts), rng, amount=0.3, decay_s=0.4)


def steam_train(rng: np.random.Generator) -> Sound:
    """An engine that puffs faster and faster, then whistles."""
    puffs, starts, start, gap = [], [], 0.0, 0.34
    for puff in range(8):
        puffs.append((1.0 if puff % 4 == 0 else 0.7) * noise_burst(0.3, rng, decay_s=0.06, low_hz=250, high_hz=2500))
        starts.append(start)
        start, gap = start + gap, gap * 0.86
    base = rng.uniform(480, 620)
    chord = sum(
        glide((base * r * 0.96, base * r, base * r, base * r * 0.94), 0.8, [1, 0.4, 0.15]) for r in (1, 1.26, 1.5)
    )
    return room(sequence([*puffs, swell(0.3 * chord, attack_s=0.06, release_s=0.2)], [*starts, start]), rng)


SOUNDS: dict[str, Player] = {
    "guitar": guitar,
    "ukulele": ukulele,
    "drum": drum,
    "bell": bell,
    "xylophone": xylophone,
    "tambourine": tambourine,
    "rubber_duck": squeak,
    "toy_car": toy_engine,
    "ball": ball_bounce,
    "wooden_train": steam_train,
}


def product_sound(kind: str, seed: int) -> bytes | None:
    """Return the WAV file of a product of this kind, or None for products that make no sound."""
    play = SOUNDS.get(kind)
    return None if play is None else as_wav(play(np.random.default_rng(seed)))


def as_wav(sound: Sound) -> bytes:
    """Return ``sound`` as a 16-bit mono WAV file."""
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(pcm16(sound))
    return buffer.getvalue()


def as_flac(wav: bytes) -> bytes:
    """Return the same samples as a FLAC file; the same bytes every time."""
    buffer = io.BytesIO()
    with (
        av.open(io.BytesIO(wav)) as source,
        av.open(buffer, "w", format="flac", options={"fflags": "+bitexact"}) as target,
    ):
        options = {"compression_level": "12", "flags": "+bitexact"}
        stream = target.add_stream("flac", rate=RATE_HZ, layout="mono", options=options)
        for frame in source.decode(audio=0):
            target.mux(stream.encode(frame))
        target.mux(stream.encode(None))
    return buffer.getvalue()

"""Hallucinations of Whisper models: texts for silence and noise, detected by thresholds and phrase lists.

The thresholds are those of Radford et al., Robust Speech Recognition via Large-Scale Weak Supervision
(2022), section 4.5, tightened for queries of a few words.
"""

from __future__ import annotations

import math
import re
import zlib

from xsearch.media import Waveform
from xsearch.media.cleaning import level_range_db
from xsearch.speech.verbalisation import word_lists
from xsearch.speech.whisper_prompt import folded

#: The level of speech changes with every syllable; that of hums, hisses and single clicks does not.
STEADY_DB = 3.0
MIN_SPEECH_S = 0.1
#: Mean log-probability of a token, under which decoding has failed.
FAILED_LOG_PROBABILITY = -1.0
#: Mean log-probability of a token, under which nothing recognisable was said.
GIBBERISH_LOG_PROBABILITY = -2.0
#: Probability of "no speech" from which every text is dropped.
CERTAIN_SILENCE = 0.97
MAX_COMPRESSION_RATIO = 2.4

_CREDITS = re.compile(r"amara\.?org|subtitles? by|明镜与点点|点赞.{0,3}订阅|字幕(由|志愿者|by|制作)", re.IGNORECASE)
_LOOP = re.compile(r"(.{1,60}?)\1{3,}", re.DOTALL)


def can_be_speech(speech: Waveform) -> bool:
    """Return True if a trimmed recording is long enough for a word, and not one steady sound."""
    return speech.duration_s >= MIN_SPEECH_S and level_range_db(speech) >= STEADY_DB


def is_hallucination(text: str) -> bool:
    """Return True if the whole text is a stock phrase that models produce for silence, or a loop."""
    said = folded(text)
    return not said or said in word_lists()["stock phrases"] or bool(_CREDITS.search(text)) or is_repetitive(text)


def is_repetitive(text: str) -> bool:
    """Return True if something is repeated four times in a row, or the text compresses like a loop."""
    encoded = text.encode()
    ratio = len(encoded) / len(zlib.compress(encoded))
    loops = (match[1] for match in _LOOP.finditer(" " + text.casefold()))
    return ratio > MAX_COMPRESSION_RATIO or any(re.search(r"[^\W\d]", unit) for unit in loops)


def is_silence(no_speech: float, log_probability: float, threshold: float) -> bool:
    """Return True if a text counts as silence.

    ``no_speech`` is the model's probability of "no speech" and ``log_probability`` the mean of the text's tokens.
    The higher the first, the higher the second must be: from ``FAILED_LOG_PROBABILITY`` at the threshold to 0 at
    ``CERTAIN_SILENCE``.
    """
    if log_probability < GIBBERISH_LOG_PROBABILITY:
        return True
    if no_speech <= threshold:
        return False
    if no_speech >= CERTAIN_SILENCE:
        return True
    return log_probability < FAILED_LOG_PROBABILITY * (CERTAIN_SILENCE - no_speech) / (CERTAIN_SILENCE - threshold)


def confidence(log_probability: float) -> float:
    """Return the geometric mean of the tokens' probabilities, in [0, 1]."""
    return min(1.0, math.exp(min(log_probability, 0.0)))

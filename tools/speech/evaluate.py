"""Quality of speech recognition: ``python -m tools.speech.evaluate RECORDINGS.jsonl [--phrases FILE]``.

Each line names ``audio`` (a path relative to the file) and either the ``text`` that is spoken or
``slots``, an object whose values must be understood. The vocabulary is that of ``--phrases``, one phrase a
line, or else of the texts and slots themselves. Words count by their stem, function words not at all.

Measured with pocketsphinx 5.1: 94 % of the slots of 58 real orders by many speakers (en_orders.jsonl of
XSEARCH_DATA). tests/speech/test_recognition.py holds synthetic voices to 80 % of queries.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import snowballstemmer
from django.conf import settings as django_settings

from xsearch.speech.base import Phrases
from xsearch.speech.verbalisation import written_tokens

if TYPE_CHECKING:
    from xsearch.speech.base import Transcriber

_FUNCTION_WORDS = frozenset(
    [
        *("a", "an", "and", "am", "any", "do", "find", "for", "have", "i", "in", "looking", "me", "need", "of"),
        *("please", "show", "some", "the", "to", "want", "with", "you"),
    ]
)
_stem = snowballstemmer.stemmer("english").stemWord


def content_words(text: str) -> Counter[str]:
    """Return the stems of the words that a search would use."""
    tokens = written_tokens(text, frozenset[str]().__contains__)
    return Counter(_stem(token) for token in tokens if token not in _FUNCTION_WORDS)


def evaluate(
    transcriber: Transcriber, rows: Iterable[dict[str, Any]], folder: Path, phrases: Phrases
) -> dict[str, float]:
    """Return shares in [0, 1]: words found, queries right in the first and first two hypotheses, slots found."""
    from xsearch.media import load_audio

    tally: Counter[str] = Counter()
    for row in rows:
        heard = transcriber.transcribe(load_audio(folder / row["audio"]), language="en", phrases=phrases)
        found = [content_words(text) for text in (heard.text, *(text for text, _ in heard.alternatives))]
        _count(tally, row, found)
    return {
        f"{name}_share": round(tally[name] / tally[f"of_{kind}"], 4)
        for name, kind in (("words", "words"), ("first", "queries"), ("first_two", "queries"), ("slots", "slots"))
        if tally[f"of_{kind}"]
    }


def _count(tally: Counter[str], row: dict[str, Any], found: list[Counter[str]]) -> None:
    for value in row.get("slots", {}).values():
        tally["of_slots"] += 1
        tally["slots"] += not content_words(value) - found[0]
    if "text" in row:
        spoken = content_words(row["text"])
        right = [not spoken - words for words in found[:2]]
        tally["of_queries"] += 1
        tally["first"] += right[0]
        tally["first_two"] += any(right)
        tally["of_words"] += spoken.total()
        tally["words"] += (spoken & found[0]).total()


def _phrases(path: Path | None, rows: list[dict[str, Any]]) -> Phrases:
    if path is not None:
        lines = path.read_text(encoding="utf-8").splitlines()
    else:
        lines = [text for row in rows for text in (*row.get("slots", {}).values(), row.get("text", ""))]
    return Phrases("evaluation", lambda: lines)


def main(arguments: list[str] | None = None) -> None:
    """Print the figures as JSON."""
    from xsearch.speech.sphinx import PocketsphinxTranscriber

    parser = argparse.ArgumentParser(prog="python -m tools.speech.evaluate", description="Word and slot recall.")
    parser.add_argument("recordings", type=Path)
    parser.add_argument("--phrases", type=Path)
    parser.add_argument("--noisy-below-db", type=float, help="suppress noise when levels range over less")
    options = parser.parse_args(arguments)
    rows = [json.loads(line) for line in options.recordings.read_text(encoding="utf-8").splitlines() if line.strip()]
    noise = {} if options.noisy_below_db is None else {"noisy_below_db": options.noisy_below_db}
    transcriber = PocketsphinxTranscriber(**noise)
    figures = evaluate(transcriber, rows, options.recordings.parent, _phrases(options.phrases, rows))
    sys.stdout.write(json.dumps(figures) + "\n")


if __name__ == "__main__":
    if not django_settings.configured:
        django_settings.configure()
    main()

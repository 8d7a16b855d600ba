"""Compare our corrections and numerals with the libraries for them.

``pip install symspellpy cn2an text2num``, then ``XSEARCH_DATA=… python tools/compare_text_libraries.py``. It needs no
database. "own ranking" is what the library returns first; "our costs" ranks what it returns as we do.
"""

from __future__ import annotations

import json
import os
import random
import re
import sys
import time
import tracemalloc
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

import django  # noqa: E402 - after the path

django.setup()


from tests.search.words.test_spelling import RIGHT, WRONG  # noqa: E402
from tests.understanding_cases import TABLES  # noqa: E402
from tests.understanding_cases.score import expected, understood  # noqa: E402
from tests.understanding_cases.shop import lexicon  # noqa: E402
from tools.demo_catalogue.products import demo_products  # noqa: E402
from xsearch.search.words.spelling import familiar_lexemes  # noqa: E402
from xsearch.text import analyse, edits, english  # noqa: E402
from xsearch.text.chinese import is_chinese, sound_of  # noqa: E402
from xsearch.text.folding import fold  # noqa: E402
from xsearch.text.spelling import Entry, Speller  # noqa: E402
from xsearch.understanding import prices  # noqa: E402

_LATIN = re.compile(r"(?<![a-z0-9])[a-z]+(?![a-z0-9])")
SHOPS = ("eshop", "tailwind", "contoso")
#: What the judged queries of the kind "typo" mean; the others are right as they are.
MEANT = {
    "snowbord": "snowboard", "jackt waterprof": "jacket waterproof", "climing harnes": "climbing harness",
    "bakpack": "backpack", "gogles": "goggles", "refridgerator": "refrigerator", "screw driver": "screwdriver",
    "samsng galaxy": "samsung galaxy", "hemlet for bike": "helmet for bike", "controler xbox": "controller xbox",
    "treking poles": "trekking poles", "whelbarrow": "wheelbarrow", "curtians": "curtains", "montior": "monitor",
}  # fmt: skip


# Corrections


class FromSymSpell:
    """Takes the place of ``edits.Neighbours`` with the words that SymSpell returns."""

    ranks = True

    def __init__(self, words: Iterable[str]) -> None:
        from symspellpy import SymSpell

        self._index = SymSpell(max_dictionary_edit_distance=2, prefix_length=7)
        for word in words:
            if len(word) >= 3:
                count = words[word] if isinstance(words, dict) else 1
                self._index.create_dictionary_entry(word, max(int(count), 1))

    def of(self, word: str) -> list[str]:
        from symspellpy import Verbosity

        errors = edits._allowed_errors(word)
        if not errors:
            return []
        verbosity = Verbosity.TOP if self.ranks else Verbosity.ALL
        found = [each.term for each in self._index.lookup(word, verbosity, max_edit_distance=errors)]
        if self.ranks:
            return found
        return [each for each in found if edits.cost_of_edits(word, each) <= edits._allowed_cost(word)]


class CostsOfOurs(FromSymSpell):
    """SymSpell finds the candidates, and our costs choose."""

    ranks = False


def entries(texts: Iterable[tuple[str, str]]) -> list[Entry]:
    """Return the vocabulary of (title, description), as indexing counts it."""
    counts: Counter[str] = Counter()
    written: Counter[str] = Counter()
    for title, description in texts:
        counts.update({token.lexeme for token in analyse(f"{title}\n{description}")})
        written.update(_LATIN.findall(fold(title)[0]))
    forms = defaultdict(list)
    for word, _count in written.most_common():
        forms[english.stem(word)].append(word)
    words = (lexeme for lexeme in counts if is_chinese(lexeme) or re.fullmatch("[a-z]+", lexeme))
    return [
        Entry(word, " ".join(forms[word][:8]), counts[word], sound_of(word) if is_chinese(word) else "")
        for word in words
    ]


def demo_texts() -> Iterator[tuple[str, str]]:
    for product in demo_products():
        line = product.line
        yield f"{line['title']}\n{line['title_zh']}", f"{line['description']}\n{line['description_zh']}"


def shop_texts(data: Path) -> Iterator[tuple[str, str]]:
    for shop in SHOPS:
        for text in (data / "shops" / shop / "catalogue.jsonl").read_text(encoding="utf-8").splitlines():
            line = json.loads(text)
            yield line["title"], line.get("description") or ""


def judged() -> list[tuple[str, str]]:
    lines = (ROOT / "tests/judgements/queries.jsonl").read_text(encoding="utf-8").splitlines()
    texts = [query["text"] for query in map(json.loads, lines) if query.get("text")]
    return [(text, MEANT.get(text, text)) for text in texts]


def misspelt(words: list[str]) -> Iterator[tuple[str, str]]:
    """Yield one error in each word: letters swapped, missing, doubled, or from the next key."""
    rng = random.Random(5)
    for word in words:
        place = rng.randrange(1, len(word) - 1)
        key = next((row for row in edits._KEYS if word[place] in row), "")
        near = [key[n] for n in (key.find(word[place]) - 1, key.find(word[place]) + 1) if 0 <= n < len(key)]
        kinds = [
            word[:place] + word[place + 1] + word[place] + word[place + 2 :],
            word[:place] + word[place + 1 :],
            word[:place] + word[place] + word[place:],
            word[:place] + rng.choice(near or [""]) + word[place + 1 :],
        ]
        typed = rng.choice(kinds)
        if typed not in words:
            yield typed, word


def compare_corrections(data: Path) -> None:
    catalogues = {
        "written": (entries(demo_texts()), [*WRONG.items(), *((text, text) for text in RIGHT)]),
        "judged": (entries(shop_texts(data)), judged()),
    }
    lines = (data / "chorus" / "catalogue.jsonl").read_text(encoding="utf-8").strip().split("\n")
    large = Counter(word for line in lines for word in _LATIN.findall(fold(json.loads(line)["title"])[0]))
    catalogues["made"] = (
        [Entry(english.stem(word), word, count) for word, count in large.items()],
        list(misspelt([word for word, count in large.items() if count >= 3 and len(word) >= 5])),
    )
    for name, neighbours in (
        ("ours", edits.Neighbours), ("SymSpell, own ranking", FromSymSpell), ("SymSpell, our costs", CostsOfOurs),
    ):  # fmt: skip
        print(name)
        for title, (words, cases) in catalogues.items():
            with mock.patch("xsearch.text.spelling.Neighbours", neighbours):
                speller = Speller(words, familiar_lexemes())
            found = [(typed, meant, speller.correct(typed) or typed) for typed, meant in cases]
            wrong = [case for case in found if case[1] != case[2]]
            print(f"  {title}: {len(cases) - len(wrong)} right, {len(wrong)} wrong of {len(cases)}")
            if "--wrong" in sys.argv and title != "made":
                print(*(f"    {typed!r} → {got!r}, meant {meant!r}" for typed, meant, got in wrong), sep="\n")
        report_size(neighbours, large, [typed for typed in WRONG if typed.isascii() and " " not in typed])


def report_size(neighbours: Callable[[Any], Any], words: dict[str, int], typed: list[str]) -> None:
    started = time.process_time()
    neighbours(words)
    built_s = time.process_time() - started
    tracemalloc.start()
    index = neighbours(words)
    memory = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    started = time.process_time()
    for _ in range(10):
        for word in typed:
            index.of(word)
    lookup_s = (time.process_time() - started) / (10 * len(typed))
    print(f"  {len(words)} words: {memory / 1e6:.1f} MB, built in {built_s:.2f} s, {lookup_s * 1e6:.0f} µs a word")


# Numerals


def chinese_by_library(text: str) -> Decimal | None:
    from cn2an import cn2an

    try:
        return prices._exact(Decimal(str(cn2an(text.replace(",", "").replace(" ", ""), "smart"))))
    except (ValueError, ArithmeticError):
        return None


def english_by_library(text: str) -> Decimal:
    from text_to_num import text2num

    if text[0].isdigit():
        return prices._digits(text)
    try:
        return Decimal(text2num(text, "en"))
    except ValueError:
        return Decimal(0)


def compare_numerals() -> None:
    shop = lexicon()
    cases = [case for table in TABLES.values() for case in table]
    for name, functions in (
        ("ours", {}), ("cn2an", {"chinese_number": chinese_by_library}),
        ("text2num", {"english_number": english_by_library}),
    ):  # fmt: skip
        with mock.patch.multiple(prices, **functions) if functions else mock.MagicMock():
            found = [(text, expected(conditions), understood(text, shop)[0]) for text, conditions, _rest in cases]
        wrong = [case for case in found if case[1] != case[2]]
        print(f"{name}: {len(cases) - len(wrong)} right, {len(wrong)} wrong of {len(cases)} written cases")
        if "--wrong" in sys.argv:
            print(*(f"    {text!r}: {got}, meant {meant}" for text, meant, got in wrong), sep="\n")
    samples = {
        "Chinese": (["两百五", "一千二", "三百五十", "一万五千", "五十"], prices.chinese_number, chinese_by_library),
        "English": (["two hundred", "eighty", "forty five", "fifteen"], prices.english_number, english_by_library),
    }  # fmt: skip
    for language, (texts, ours, theirs) in samples.items():
        tracemalloc.start()
        theirs(texts[0])
        memory = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        times = [_time(function, texts) for function in (ours, theirs)]
        print(f"{language}: ours {times[0]:.1f} µs a number, library {times[1]:.1f} µs and {memory / 1e6:.1f} MB")


def _time(function: Callable[[str], Any], texts: list[str]) -> float:
    started = time.process_time()
    for _ in range(500):
        for text in texts:
            function(text)
    return (time.process_time() - started) / (500 * len(texts)) * 1e6


if __name__ == "__main__":
    if not os.environ.get("XSEARCH_DATA"):
        sys.exit("XSEARCH_DATA is unset: it names the folder that has shops/ and chorus/.")
    compare_corrections(Path(os.environ["XSEARCH_DATA"]))
    compare_numerals()

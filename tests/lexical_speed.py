"""How fast words are searched and corrected at 100,000 products: ``python -m tests.lexical_speed [PRODUCTS]``.

Makes a database of its own, fills it with products whose words are as unevenly frequent as those of a
language (Zipf's law), and drops it again.
"""

import os
import random
import sys
import time

import numpy as np

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")

REPEATS = 5


def vocabulary(rng, size):
    letters = "eeettaaooiinnsshhrrddllccuummwffggyyppbbvvkjxqz"
    words = {"".join(rng.choices(letters, k=rng.randint(4, 11))) for _ in range(size * 2)}
    return sorted(words)[:size]


def fill(products, words):
    """Insert products whose documents have six words in the title, one as brand and 23 in the description."""
    from django.db import connection

    from shop.models import Product
    from xsearch.index.registry import get_index
    from xsearch.indexing import statistics
    from xsearch.indexing.vector_indexes import create_text_indexes

    share = np.cumsum(1 / (np.arange(len(words)) + 2.0))
    chosen = np.searchsorted(share, np.random.default_rng(1).random((products, 30)) * share[-1])
    fields = "A" * 6 + "B" + "C" * 23
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE made (sku text, document tsvector)")
        with cursor.copy("COPY made FROM STDIN") as copy:
            for number, row in enumerate(chosen):
                places = [f"'{words[word]}':{place}{fields[place - 1]}" for place, word in enumerate(row, start=1)]
                copy.write_row((f"S{number}", " ".join([*places, f"'wh{number}xm5':31A"])))
        cursor.execute(
            "INSERT INTO shop_product (sku, title, title_zh, colour, description, description_zh, price, in_stock,"
            " photo, sound, attributes, created_at, search_document) SELECT sku, sku, '', '', '', '', 1, true, '', '', '{}', now(), document"
            " FROM made ORDER BY sku"
        )
        create_text_indexes(using="default")
        cursor.execute("VACUUM ANALYZE shop_product")
    statistics.refresh(get_index(Product))


def timed(what, call):
    times = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        result = call()
        times.append((time.perf_counter() - started) * 1000)
    print(f"{what:44} {sorted(times)[len(times) // 2]:8.1f} ms  {result}")


def measure(words):
    from shop.models import Product
    from tests.support.searching import search_context
    from xsearch.models import Term
    from xsearch.search.words.lexical import lexical_query
    from xsearch.search.words.spelling import speller

    products = Product.objects.all()
    print(f"{Product.objects.count()} products, {Term.objects.count()} terms")
    started = time.perf_counter()
    context = search_context()
    spells = speller(context)
    print(f"{'speller, made':44} {(time.perf_counter() - started) * 1000:8.1f} ms")
    common, medium, rare = words[0], words[200], words[20_000]
    queries = {
        "rare word": rare, "common word": common, "three common words": " ".join(words[:3]),
        "five common words": " ".join(words[:5]), "common and rare": f"{common} {rare}",
        "common and medium": f"{common} {medium}", "ten mixed": " ".join([*words[:5], *words[500:505]]),
        "model number": "WH-777XM5", "prefix of a model number": "wh777",
    }  # fmt: skip
    for name, text in queries.items():
        timed(f"{name}: words and their rarity", lambda text=text: len(lexical_query(context, text).phrases))
        query = lexical_query(context, text)
        timed(f"{name}: {sum(query.documents)} documents", lambda query=query: len(query.best(products, "pk")[0]))
        keys, _is_certain = query.best(products, "pk")
        scored = Product.objects.filter(pk__in=[*keys, *range(keys[0], keys[0] + 700)])
        timed(
            f"{name}: score of {scored.count()} candidates",
            lambda query=query, scored=scored: len(list(scored.annotate(s=query.score()).values_list("pk", "s"))),
        )
    for text in (words[300][1:], f"{words[300][:-1]} {words[400]}x", f"{words[10]}{words[11]}", "lianyiqun"):
        timed(f"correct {text!r}", lambda text=text: spells.correct(text))


def main():
    import django

    django.setup()
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    products = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    rng = random.Random(1)
    connection.settings_dict["TEST"]["NAME"] = "words_speed"  # beside that of the tests
    old = setup_databases(verbosity=0, interactive=False)
    try:
        words = vocabulary(rng, 50_000)
        rng.shuffle(words)
        fill(products, words)
        measure(words)
    finally:
        teardown_databases(old, verbosity=0)


if __name__ == "__main__":
    main()

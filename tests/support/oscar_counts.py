"""Run in a shop of ``examples/oscar``: print the statements of a page or of saves, or how many photos have vectors."""

import json
import sys
import traceback
from collections import Counter
from contextlib import contextmanager

from django.db import connection
from django.test import Client


@contextmanager
def counted():
    """Count statements, without savepoints; ours are those of xsearch, apart from what the shop prefetches for its cards."""
    found = Counter()

    def note(execute, sql, params, many, context):
        frames = traceback.extract_stack()
        caller = next(f for f in reversed(frames) if "/django/" not in f.filename and f.filename != __file__)
        is_ours = "/xsearch/" in caller.filename and not any(f.name == "prefetch_related_objects" for f in frames)
        if "SAVEPOINT" not in sql:
            found.update(["all", "ours"] if is_ours else ["all"])
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        yield found


def of_page(path):
    client, counts = Client(), []
    # Words, templates and thumbnails are loaded once, and estimates are some seconds old: a slow machine asks again.
    for _ in range(4):
        with counted() as found:
            response = client.get(path)
        counts.append(found)
    assert response.status_code == 200
    return {**min(counts, key=lambda found: found["all"]), "cards": response.content.decode().count("product_pod")}


def of_saves():
    from oscar.core.loading import get_model

    products = get_model("catalogue", "Product").objects
    product = products.filter(structure="standalone", stockrecords__isnull=False).first()
    rows = {
        "product": product,
        "variant": products.filter(structure="child").first(),
        "stock record": product.stockrecords.get(),
        "photo": product.images.first(),
        "category": product.categories.first(),
    }
    result = {}
    for name, row in rows.items():
        row.save()
        with counted() as found:
            row.save()
        result[name] = dict(found)
    return result


def of_photos():
    from oscar.core.loading import get_model

    from xsearch.index.registry import get_index

    [store] = get_index().stores_for("image")
    made = store.model.objects.filter(image_embedding__isnull=False)
    return get_model("catalogue", "ProductImage").objects.count(), made.count()


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    print(json.dumps({"page": of_page, "saves": of_saves, "vectors": of_photos}[what](*arguments)))

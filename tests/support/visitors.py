"""What the tests of behaviour share: people who agree, search and act, as browsers do it."""

import json
import uuid

from django.test import Client
from django.urls import reverse

from shop.models import Product
from xsearch.index.registry import get_index
from xsearch.models import Event, QueryLog, Visitor
from xsearch.visitors.identity import hash_of, new_token

API = "/api/xsearch/"


def make_visitor(**changes):
    """A visitor who agreed, without the browser."""
    return Visitor.objects.create(**({"token_hash": hash_of(new_token())} | changes))


def act(visitor, *products, kind="click", **changes):
    """Write down what a visitor did with products."""
    for product in products:
        Event.objects.create(
            content_type_id=get_index(type(product)).content_type.pk,
            object_id=str(product.pk),
            kind=kind,
            visitor=visitor,
            **changes,
        )


def ask(text, visitor=None, **changes):
    """Write down that somebody searched."""
    fields = {"total": 5, "is_close": True, "content_type": get_index(Product).content_type} | changes
    return QueryLog.objects.create(query_id=uuid.uuid4(), text=text, language="en", visitor=visitor, **fields)


class Browser(Client):
    """A browser that may agree to be remembered."""

    def choose(self, what, **fields):
        return self.post(reverse(f"xsearch_visitor:{what}"), fields)

    def find(self, **fields):
        answer = self.post(f"{API}search/", json.dumps(fields), content_type="application/json")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def do(self, kind, product, answer=None, position=None):
        body = {
            "query_id": answer["query_id"] if answer else str(uuid.uuid4()),
            "object_id": str(product.pk),
            "event": kind,
            "position": position,
        }
        answer = self.post(f"{API}events/", json.dumps(body), content_type="application/json")
        assert answer.status_code == 201, answer.content

    def cookie(self, name):
        found = self.cookies.get(name)
        return found.value if found else ""

"""Suggestions while one types: English, Chinese, pinyin and errors; what is hidden or gone is not suggested."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from shop.models import Product
from tests.searching import index_all
from tests.searching_words import WORDS_ONLY, demo_words
from xsearch.indexing import vocabulary
from xsearch.models import Suggestion, SuggestionKey
from xsearch.registry import get_index
from xsearch.search import suggest, suggestions_for
from xsearch.text.beginnings import MAX_KEY, keys_of, sound_key, typed_key

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def demo(django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), demo_words():
        yield


@pytest.fixture(autouse=True)
def _words_only(settings):
    settings.XSEARCH = WORDS_ONLY


def typed(text, language="en", queryset=None, **options):
    with translation.override(language):
        found = suggestions_for(Product.objects.all() if queryset is None else queryset, text, **options)
        found.titles = [str(obj) for obj in found.objects]
        return found


def look():
    for language in ("en", "zh-hans"):
        for text in (
            "j",
            "ja",
            "red ja",
            "jakc",
            "red jakc",
            "lyq",
            "lianyi",
            "连",
            "连衣",
            "红色连",
            "hong",
            "hongse lian",
            "连一群",
            "shose",
            "mu",
            "t-sh",
        ):
            found = typed(text, language)
            print(
                language,
                text,
                "|",
                found.corrected,
                "|",
                found.texts,
                "|",
                [(one.facet, one.label, one.objects_with) for one in found.facets],
                "|",
                found.titles,
            )


def test_look(demo):
    look()

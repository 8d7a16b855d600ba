"""Shared by the tests of searches: index everything, clean up, open a search context."""

from shop.models import Brand, Category, Product
from xsearch.index.registry import get_index
from xsearch.indexing import index_pending, statistics
from xsearch.models import EncoderSpace, IndexRecord, Suggestion, Term
from xsearch.search.context import SearchContext
from xsearch.search.vectors.calibration import forget_samples


def index_all():
    """Index what waits, count the terms, and return the report."""
    report = index_pending(get_index(Product))
    statistics.refresh(get_index(Product))
    forget_samples()
    return report


def wipe():
    """Remove what a fixture of a module has committed, so that the next module may use another encoder."""
    for model in (Product, Category, Brand, IndexRecord, EncoderSpace, Term, Suggestion):
        model.objects.all().delete()
    forget_samples()


def search_context(model=Product):
    """Return the context of a new search in one model."""
    return SearchContext(get_index(model), "default")

"""The pages of a category and of the whole catalogue, answered by the search: they have its filters and its order."""

from django.shortcuts import get_object_or_404
from oscar.core.loading import get_model

from xsearch.views import SearchView

Category = get_model("catalogue", "Category")


class CatalogueView(SearchView):
    """All products, before anything is searched for."""

    template_name = "product_search/results.html"
    browse = True


class CategoryView(CatalogueView):
    """The products of a category and of those below it."""

    def get_queryset(self, index):
        """Limit the products to those of the category."""
        self.category = get_object_or_404(Category.objects.browsable(), pk=self.kwargs["pk"])
        return super().get_queryset(index).filter(categories__in=self.category.get_descendants_and_self()).distinct()

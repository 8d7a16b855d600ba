"""The shop's addresses; the pages of the search take the places of oscar's, and keep their names."""

from django.urls import include, path, re_path
from oscar_shop.urls import urlpatterns as shop_urls

from product_search.views import CatalogueView, CategoryView

urlpatterns = [
    path("api/xsearch/", include("xsearch.api.urls")),
    path("search/", CatalogueView.as_view()),
    path("catalogue/", CatalogueView.as_view()),
    re_path(r"^catalogue/category/[\w/-]+_(?P<pk>\d+)/$", CategoryView.as_view()),
    *shop_urls,
]

"""Addresses of the shop."""

from catalogue.views import asynchronous_search
from django.contrib import admin
from django.urls import include, path

from xsearch.views import SearchView

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/xsearch/", include("xsearch.api.urls")),
    path("search/", SearchView.as_view(template_name="search.html"), name="search"),
    path("async-search/", asynchronous_search),
]

"""Addresses of the widget shop with a prefix for the language of its pages; the API has one address for all."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from tests.support import widget_shop

_OF_ALL = ("api/", "media/")

urlpatterns = [
    *(one for one in widget_shop.urlpatterns if str(one.pattern).startswith(_OF_ALL)),
    *i18n_patterns(
        *(one for one in widget_shop.urlpatterns if not str(one.pattern).startswith(_OF_ALL)),
        path("memory/", include("xsearch.urls")),
    ),
]

"""Addresses of the demonstration shop."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("admin/", admin.site.urls),
    path("api/xsearch/", include("xsearch.api.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
]

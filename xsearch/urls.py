"""Addresses of the visitor's own page and decisions; mount them with ``path("memory/", include("xsearch.urls"))``."""

from django.urls import path

from xsearch.visitors import views

app_name = "xsearch_visitor"

urlpatterns = [
    path("", views.StoredDataView.as_view(), name="known"),
    path("agree/", views.AgreeView.as_view(), name="agree"),
    path("decline/", views.DeclineView.as_view(), name="decline"),
    path("erase/", views.EraseView.as_view(), name="erase"),
    path("download/", views.DownloadView.as_view(), name="download"),
]

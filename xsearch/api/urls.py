"""Addresses of the API; mount them with ``path("api/xsearch/", include("xsearch.api.urls"))``."""

from django.urls import path, re_path

from xsearch.api import views

app_name = "xsearch"

urlpatterns = [
    path("search/", views.SearchAPIView.as_view(), name="search"),
    path("similar/", views.SimilarView.as_view(schema=None)),  # ?id=: such as "..", which no path may hold
    path("similar/<path:object_id>/", views.SimilarView.as_view(), name="similar"),
    path("suggest/", views.SuggestView.as_view(), name="suggest"),
    path("transcribe/", views.TranscribeView.as_view(), name="transcribe"),
    path("events/", views.EventsView.as_view(), name="events"),
    path("health/", views.HealthView.as_view(), name="health"),
    path("schema/", views.SchemaView.as_view(), name="schema"),
    re_path(r"^.*/$", views.NothingHereView.as_view()),
]

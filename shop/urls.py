"""Addresses of the demonstration shop."""

from django.contrib import admin
from django.urls import include, path

from shop import media, views

shop = [
    path("", views.home, name="home"),
    path("search/", views.ProductSearchView.as_view(), name="search"),
    path("product/<path:sku>/", views.product, name="product"),
    path("categories/", views.categories, name="categories"),
    path("category/<str:slug>/", views.category, name="category"),
    path("about/", views.about, name="about"),
    path("try/<str:name>", views.sample, name="sample"),
]

urlpatterns = [
    path("", include((shop, "shop"))),
    path("admin/", admin.site.urls),
    path("api/xsearch/", include("xsearch.api.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("media/<path:path>", media.media),
]

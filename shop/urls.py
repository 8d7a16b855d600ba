"""Addresses of the demonstration shop."""

from django.contrib import admin
from django.contrib.staticfiles.storage import staticfiles_storage
from django.urls import include, path, register_converter
from django.views.generic import RedirectView

from shop import media, post_views, views


class Key:
    """A SKU or slug: anything but the character that the database cannot look up."""

    regex = r"[^\x00]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return value


register_converter(Key, "key")

shop = [
    path("", views.home, name="home"),
    path("search/", views.ProductSearchView.as_view(), name="search"),
    path("product/<key:sku>/", views.product, name="product"),
    path("categories/", views.categories, name="categories"),
    path("category/<key:slug>/", views.category, name="category"),
    path("styles/", post_views.posts, name="posts"),
    path("styles/<int:pk>/", post_views.post, name="post"),
    path("styles/share/", post_views.share, name="share"),
    path("styles/share/thanks/", post_views.thanks, name="thanks"),
    path("about/", views.about, name="about"),
    path("try/<str:name>", views.sample, name="sample"),
]

urlpatterns = [
    path("", include((shop, "shop"))),
    path("admin/", admin.site.urls),
    path("api/xsearch/", include("xsearch.api.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("media/<path:path>", media.media),
    path("favicon.ico", RedirectView.as_view(url=staticfiles_storage.url("shop/icon.svg"))),
]

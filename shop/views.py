"""Pages of the demonstration shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.http import require_safe

from shop import samples
from shop.media import serve_file
from shop.models import Category, Product
from xsearch.views import SearchView
from xsearch.web import parameters

FEATURED = 12
SHELVES_ON_HOME = 12
PAGE_SIZE = 24
SORTS = {"": ["id"], "cheap": ["price", "id"], "dear": ["-price", "id"], "new": ["-created_at", "-id"]}


@dataclass(frozen=True)
class _Picture:
    """A photo to search with that the shop has itself."""

    url: str
    content: bytes


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """What can be searched and how, the shelves, and some products."""
    shelves = _shelves()
    context = {
        "shelves": shelves[:SHELVES_ON_HOME],
        "collage": [shelf.cover for shelf in shelves if shelf.cover and shelf.cover.photo][:6],
        "featured": _featured(),
        "samples": samples.customer_photos(),
    }
    return render(request, "shop/home.html", context)


class ProductSearchView(SearchView):
    """The search page; ``?sample=`` and ``?photo_of=`` search with a photo that the shop has itself."""

    template_name = "shop/search.html"
    model = "all"
    page_size = PAGE_SIZE

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Search by what stands in the address."""
        picture = _own_picture(request)
        if picture is None:
            return super().get(request, *args, **kwargs)
        self.extra_context = {"searched_photo": picture.url}
        values = dict(parameters.collect(request.GET))
        return self.answer({**values, "image": SimpleUploadedFile("photo", picture.content)})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add photos to try where nothing has been searched for yet."""
        context = super().get_context_data(**kwargs)
        if context["results"] is None:
            context["samples"] = samples.customer_photos()
        return context


@require_safe
def product(request: HttpRequest, sku: str) -> HttpResponse:
    """One product."""
    shown = get_object_or_404(_products().prefetch_related("photos"), sku=sku)
    pictures = [shown.photo] if shown.photo else []
    pictures += [photo.image for photo in shown.photos.all()]
    return render(request, "shop/product.html", {"product": shown, "pictures": pictures})


@require_safe
def categories(request: HttpRequest) -> HttpResponse:
    """All shelves."""
    return render(request, "shop/categories.html", {"shelves": _shelves()})


@require_safe
def category(request: HttpRequest, slug: str) -> HttpResponse:
    """The products of one shelf, page by page."""
    shelf = get_object_or_404(Category, slug=slug)
    found = _products().filter(category=shelf)
    colours = found.exclude(colour="").order_by("colour").values_list("colour", flat=True).distinct()
    colour = request.GET.get("colour", "")
    colour = colour if colour in colours else ""
    sort = request.GET.get("sort", "")
    sort = sort if sort in SORTS else ""
    found = found.filter(colour=colour) if colour else found
    page = Paginator(found.order_by(*SORTS[sort]), PAGE_SIZE).get_page(request.GET.get("page"))
    context = {"category": shelf, "page": page, "colours": colours, "colour": colour, "sort": sort}
    return render(request, "shop/category.html", context)


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """What this demonstration shows, and what its model can and cannot do."""
    return render(request, "shop/about.html")


@require_safe
def sample(request: HttpRequest, name: str) -> HttpResponseBase:
    """A customer photo to try the search with."""
    path = samples.path_of(name)
    if path is None:
        raise Http404
    return serve_file(request, path)


def _products() -> QuerySet[Product]:
    return Product.objects.select_related("category", "brand")


def _shelves() -> list[Category]:
    """Return the categories that have products, each with their number and a ``cover`` product."""
    shelves = list(Category.objects.annotate(size=Count("products")).filter(size__gt=0).order_by("pk"))
    illustrated = _products().exclude(photo="").exclude(category=None)
    covers = illustrated.order_by("category_id", "id").distinct("category_id")
    by_category = {cover.category_id: cover for cover in covers}
    for shelf in shelves:
        shelf.cover = by_category.get(shelf.pk)
    return shelves


def _featured() -> list[Product]:
    """Return the newest product that can be bought of each category, filled up with others."""
    to_buy = _products().exclude(photo="").filter(in_stock=True)
    chosen = list(to_buy.order_by("category_id", "-id").distinct("category_id")[:FEATURED])
    rest = to_buy.exclude(pk__in=[product.pk for product in chosen]).order_by("-id")
    return chosen + list(rest[: FEATURED - len(chosen)])


def _own_picture(request: HttpRequest) -> _Picture | None:
    """Return the picture that the address names: a sample, or the photo of a product."""
    name, sku = request.GET.get("sample", ""), request.GET.get("photo_of", "")
    if path := samples.path_of(name):
        return _Picture(reverse("shop:sample", args=[name]), path.read_bytes())
    askable = sku and "\0" not in sku
    found = Product.objects.filter(sku=sku).exclude(photo="").only("photo").first() if askable else None
    if found is None:
        return None
    try:
        with found.photo.open("rb") as file:
            return _Picture(found.photo.url, file.read())
    except FileNotFoundError:
        return None

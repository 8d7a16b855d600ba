"""Pages of the style posts: all of them, one of them, and the form to share one."""

from __future__ import annotations

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.exceptions import Throttled

from shop.models import Product, StylePost
from shop.posting import PostForm
from xsearch.web.throttling import limit

PAGE_SIZE = 24


@require_safe
def posts(request: HttpRequest) -> HttpResponse:
    """What customers have shared, the newest first."""
    page = Paginator(_visible(), PAGE_SIZE).get_page(request.GET.get("page"))
    return render(request, "shop/posts.html", {"page": page})


@require_safe
def post(request: HttpRequest, pk: int) -> HttpResponse:
    """One style post with the products on it."""
    shown = get_object_or_404(_visible(), pk=pk)
    products = shown.products.select_related("category", "brand")
    return render(request, "shop/post.html", {"post": shown, "products": products})


@require_http_methods(["GET", "HEAD", "POST"])
def share(request: HttpRequest) -> HttpResponse:
    """The form to share a style post, and what to do with it."""
    if request.method != "POST":
        sku = request.GET.get("product", "")
        return _form(request, PostForm(initial={"product": sku}), sku)
    form = PostForm(request.POST, request.FILES)
    try:
        limit(request, "posts")
    except Throttled:
        return _form(request, form, form["product"].value(), too_many=True)
    if not form.is_valid():
        return _form(request, form, form["product"].value())
    if not form.is_trapped:
        shared = form.save()
        if shared.is_visible:
            return redirect(shared)
    return redirect("shop:thanks")


@require_safe
def thanks(request: HttpRequest) -> HttpResponse:
    """What happens with a post that was shared."""
    return render(request, "shop/thanks.html")


def _form(request: HttpRequest, form: PostForm, sku: str | None, *, too_many: bool = False) -> HttpResponse:
    product = Product.objects.filter(sku=sku).first() if sku and "\0" not in sku else None
    context = {"form": form, "product": product, "too_many": too_many, "waits": settings.POSTS_NEED_APPROVAL}
    status = 429 if too_many else 400 if form.is_bound else 200
    return render(request, "shop/share.html", context, status=status)


def _visible() -> QuerySet[StylePost]:
    return StylePost.objects.filter(is_visible=True)

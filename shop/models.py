"""A small shop: products with their category, brand, photos and sounds."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from xsearch.models import EmbeddedModel


class Category(models.Model):
    """A shelf of the shop."""

    name = models.CharField(_("name"), max_length=120, unique=True)
    name_zh = models.CharField(_("Chinese name"), max_length=120, blank=True)
    slug = models.SlugField(_("slug"), max_length=140, unique=True, allow_unicode=True)

    class Meta:
        verbose_name = _("category")
        verbose_name_plural = _("categories")
        ordering = ["name"]

    def __str__(self) -> str:
        return _in_language(self.name, self.name_zh)

    def get_absolute_url(self) -> str:
        return reverse("shop:category", args=[self.slug])


class Brand(models.Model):
    """Who makes a product."""

    name = models.CharField(_("name"), max_length=120, unique=True)

    class Meta:
        verbose_name = _("brand")
        verbose_name_plural = _("brands")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Product(EmbeddedModel):
    """Something to buy."""

    sku = models.CharField(_("SKU"), max_length=64, unique=True)
    title = models.CharField(_("title"), max_length=300)
    title_zh = models.CharField(_("Chinese title"), max_length=300, blank=True)
    description = models.TextField(_("description"), blank=True)
    description_zh = models.TextField(_("Chinese description"), blank=True)
    category = models.ForeignKey(
        Category, verbose_name=_("category"), null=True, blank=True, on_delete=models.SET_NULL, related_name="products"
    )
    brand = models.ForeignKey(
        Brand, verbose_name=_("brand"), null=True, blank=True, on_delete=models.SET_NULL, related_name="products"
    )
    colour = models.CharField(_("colour"), max_length=60, blank=True)
    price = models.DecimalField(_("price"), max_digits=12, decimal_places=2, null=True, blank=True)
    in_stock = models.BooleanField(_("in stock"), default=True)
    photo = models.ImageField(_("photo"), upload_to="products/", blank=True, max_length=300)
    sound = models.FileField(_("sound"), upload_to="sounds/", blank=True, max_length=300)
    attributes = models.JSONField(_("attributes"), default=dict, blank=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["id"]

    def __str__(self) -> str:
        return _in_language(self.title, self.title_zh)

    def get_absolute_url(self) -> str:
        return reverse("shop:product", args=[self.sku])

    @property
    def local_description(self) -> str:
        """The description in the language of the page, where there is one."""
        return _in_language(self.description, self.description_zh)


class ProductPhoto(EmbeddedModel):
    """A further photo of a product, searched like the main one."""

    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="photos")
    image = models.ImageField(_("photo"), upload_to="products/", max_length=300)
    position = models.PositiveSmallIntegerField(_("position"), default=0)

    class Meta:
        verbose_name = _("photo")
        verbose_name_plural = _("photos")
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return f"{self.product} #{self.position}"


class StylePost(EmbeddedModel):
    """What a customer shares: a photo of things from the shop, and some words; seen once the shop has approved it."""

    #: Of posts that were loaded from a file: their id there.
    reference = models.CharField(_("reference"), max_length=64, unique=True, null=True, blank=True, editable=False)
    author = models.CharField(_("name"), max_length=60)
    title = models.CharField(_("title"), max_length=80)
    title_zh = models.CharField(_("Chinese title"), max_length=80, blank=True)
    text = models.TextField(_("text"), max_length=600)
    text_zh = models.TextField(_("Chinese text"), max_length=600, blank=True)
    photo = models.ImageField(_("photo"), upload_to="posts/", max_length=300)
    products = models.ManyToManyField(Product, verbose_name=_("products"), blank=True, related_name="posts")
    is_visible = models.BooleanField(_("visible"), default=False, help_text=_("Customers see and find it."))
    created_at = models.DateTimeField(_("shared"), default=timezone.now)

    class Meta:
        verbose_name = _("style post")
        verbose_name_plural = _("style posts")
        ordering = ["-created_at", "-id"]

    def __str__(self) -> str:
        return _in_language(self.title, self.title_zh)

    def get_absolute_url(self) -> str:
        return reverse("shop:post", args=[self.pk])

    @property
    def local_text(self) -> str:
        """The text in the language of the page, where there is one."""
        return _in_language(self.text, self.text_zh)


def _in_language(english: str, chinese: str) -> str:
    wants_chinese = (get_language() or "en").startswith("zh")
    return chinese if wants_chinese and chinese else english

"""The admin of the shop."""

from django.contrib import admin

from catalogue.models import Category, Product
from xsearch.admin import IndexedAdmin

admin.site.register(Category)


@admin.register(Product)
class ProductAdmin(IndexedAdmin, admin.ModelAdmin):
    list_display = ("title", "price")

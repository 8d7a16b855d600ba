"""What django-modeltranslation translates; read only where it is installed."""

from modeltranslation.translator import TranslationOptions, register

from catalogue.models import Product


@register(Product)
class ProductTranslation(TranslationOptions):
    fields = ("title",)

from modeltranslation.translator import TranslationOptions, register

from tests.translated.models import Book, Genre


@register(Book)
class BookTranslation(TranslationOptions):
    fields = ("title", "summary", "binding")


@register(Genre)
class GenreTranslation(TranslationOptions):
    fields = ("name",)

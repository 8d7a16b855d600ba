"""Words of the catalogue that the pages translate."""

from django.utils.translation import gettext_lazy as _

COLOURS = {
    "black": _("black"),
    "white": _("white"),
    "grey": _("grey"),
    "red": _("red"),
    "orange": _("orange"),
    "yellow": _("yellow"),
    "green": _("green"),
    "blue": _("blue"),
    "navy": _("navy"),
    "purple": _("purple"),
    "pink": _("pink"),
    "brown": _("brown"),
}

ATTRIBUTES = {
    "model": _("Model"),
    "material": _("Material"),
    "pattern": _("Pattern"),
    "sizes": _("Sizes"),
}

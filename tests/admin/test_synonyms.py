"""The admin of synonyms: checked, shown with what they expand to, in force at once."""

import pytest
from django.contrib.auth.models import Permission, User

from shop.models import Product
from tests.support.searching import index_all
from tests.support.searching_words import WORDS_ONLY
from xsearch.admin.synonyms import SynonymForm
from xsearch.models import Synonym

pytestmark = pytest.mark.django_db
PAGE = "/admin/xsearch/synonym/"


@pytest.fixture(autouse=True)
def _words_only(settings):
    settings.XSEARCH = WORDS_ONLY


@pytest.fixture
def owner(client):
    client.force_login(User.objects.create(username="owner", is_staff=True, is_superuser=True))
    return client


def values(terms, replacements="", direction="both", language=""):
    return {"terms": terms, "replacements": replacements, "direction": direction, "language": language}


def test_a_synonym_is_added_and_says_what_it_expands_to(owner):
    Product.objects.create(sku="1", title="Leather sofa")
    index_all()
    answer = owner.post(f"{PAGE}add/", values(" sofa,couch，sofa\nsettee "), follow=True)
    assert Synonym.objects.get().terms == "sofa, couch, settee"
    assert "In force at once: sofa → couch, settee; couch → sofa, settee" in answer.content.decode()
    page = owner.get(f"{PAGE}{Synonym.objects.get().pk}/change/").content.decode()
    assert "<strong>couch</strong> → sofa (in 1 product), settee (in 0 products)" in page
    assert "sofa, couch, settee" in owner.get(PAGE, {"q": "couch"}).content.decode()
    assert owner.get(f"{PAGE}add/").status_code == 200


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (values("sofa"), "at least two words"),
        (values("sofas, sofa"), "at least two words"),
        (values(""), "required"),
        (values("sofa, …"), "no word that can be searched"),
        (values("sofa, seven different english words standing together here"), "at most 6"),
        (values("sofa", direction="one"), "at least one replacement"),
        (values("couch", "sofa", direction="one"), "finds “sofa” already"),
        (values("couches, sofas", language="en"), "already"),
    ],
)
def test_what_would_do_nothing_is_refused(given, said):
    Synonym.objects.create(terms="sofa, couch")
    form = SynonymForm(given)
    assert not form.is_valid()
    assert said in form.errors.as_text()


@pytest.mark.parametrize(
    "given",
    [
        values("沙发，长沙发", language="zh"),
        values("footwear", "shoes, boots", direction="one"),
        values("sofa", "divan"),
    ],
)
def test_what_says_something_new_is_taken(given):
    Synonym.objects.create(terms="sofa, couch")
    assert SynonymForm(given).errors == {}


def test_a_synonym_can_be_changed_without_meeting_itself(owner):
    synonym = Synonym.objects.create(terms="sofa, couch")
    owner.post(f"{PAGE}{synonym.pk}/change/", values("sofa, couch, settee"))
    synonym.refresh_from_db()
    assert synonym.terms == "sofa, couch, settee"


def test_only_who_may_see_synonyms_sees_them(client):
    user = User.objects.create(username="clerk", is_staff=True)
    client.force_login(user)
    assert client.get(PAGE).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="view_synonym"))
    assert client.get(PAGE).status_code == 200
    assert client.post(f"{PAGE}add/", values("a b, c d")).status_code == 403


def test_the_admin_speaks_chinese(owner):
    page = owner.get(f"{PAGE}add/", headers={"accept-language": "zh-hans"}).content.decode()
    for text in ("同义词", "替换词", "方向", "保存后显示"):
        assert text in page

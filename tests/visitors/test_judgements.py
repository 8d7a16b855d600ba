"""Judgements from what customers opened: corrected for where it stood, and only of what several people asked."""

import json

import pytest
from django.core.management import CommandError, call_command

from shop.models import Product
from tests.support.visitors import act, ask, make_visitor
from xsearch.evaluation import read_judgements
from xsearch.evaluation.judgements import JudgedQuery
from xsearch.index.registry import get_index
from xsearch.visitors.judgements import Judged, judged_queries, propensity


def test_propensity_falls_with_the_rank_as_the_bias_says():
    assert [propensity(rank, 1.0) for rank in (1, 2, 10)] == [1.0, 0.5, 0.1]
    assert propensity(4, 0.5) == 0.5
    assert propensity(9, 0.0) == propensity(None, 1.0) == 1.0


def test_grades_are_shares_of_what_attracted_most():
    judged = Judged("mug", "en", 10, {"a": 1.0, "b": 0.6, "c": 0.3, "d": 0.1, "e": 0.09})
    assert judged.grades() == {"a": 3, "b": 3, "c": 2, "d": 1}


@pytest.fixture
def products(db):
    return [Product.objects.create(sku=f"s{number}", title=f"Mug {number}") for number in range(4)]


def judgements():
    return list(judged_queries(get_index(Product)))


class TestAttraction:
    def test_a_click_far_down_weighs_more(self, products):
        """Both are opened three times in six searches: the first at rank 1, the other at rank 4."""
        first, other = products[:2]
        for _ in range(3):
            act(None, first, query_id=ask("mug", make_visitor()).pk, position=1)
            act(None, other, query_id=ask("mug", make_visitor()).pk, position=4)
        [judged] = judgements()
        assert judged.attraction == {str(first.pk): 3 * 1 / 6, str(other.pk): 3 * 4 / 6}

    def test_the_bias_is_a_setting(self, products, settings):
        settings.XSEARCH = {"POSITION_BIAS": 0.0}
        for _ in range(3):
            act(None, products[0], query_id=ask("mug", make_visitor()).pk, position=9)
        assert judgements()[0].attraction == {str(products[0].pk): 1.0}

    def test_weights_have_a_limit_and_opening_twice_counts_once(self, products):
        for _ in range(3):
            query = ask("mug", make_visitor())
            for _ in range(5):
                act(None, products[0], query_id=query.pk, position=90)
        assert judgements()[0].attraction == {str(products[0].pk): 10.0}

    def test_buying_counts_more_than_opening_and_waving_aside_against(self, products):
        for _ in range(3):
            query = ask("mug", make_visitor())
            for kind, product in zip(("click", "purchase", "dismiss"), products, strict=False):
                act(None, product, kind=kind, query_id=query.pk, position=1)
            act(None, products[1], query_id=query.pk, position=1)
        clicked, bought, *_ = products
        assert judgements()[0].attraction == {str(clicked.pk): 1.0, str(bought.pk): 5.0}

    def test_one_slip_is_no_judgement(self, products):
        for _ in range(3):
            query = ask("mug", make_visitor())
        act(None, products[0], query_id=query.pk, position=1)
        assert judgements() == []

    def test_what_one_person_asked_is_not_exported(self, products):
        me = make_visitor()
        for _ in range(9):
            act(me, products[0], query_id=ask("my secret", me).pk, position=1)
        assert judgements() == []


class TestTheCommand:
    @pytest.fixture
    def asked(self, products):
        for place in (0, 0, 0, 1, 1, 1):
            act(None, products[place], query_id=ask("cup", make_visitor()).pk, position=2 - place)

    def test_it_writes_what_the_evaluation_reads(self, asked, tmp_path, capsys):
        out, pairs = tmp_path / "queries.jsonl", tmp_path / "pairs.jsonl"
        call_command("xsearch_judgements", out=out, pairs=pairs, key="sku")
        [query] = read_judgements(out.read_bytes().splitlines(), tmp_path)
        assert isinstance(query, JudgedQuery)
        assert (query.text, query.kind, query.relevant) == ("cup", "clicks", {"s0": 3, "s1": 2})
        assert [json.loads(line) for line in pairs.read_text().splitlines()] == [
            {"query": "cup", "language": "en", "object": "s0", "weight": 0.6667},
            {"query": "cup", "language": "en", "object": "s1", "weight": 0.3333},
        ]
        assert "1 judged queries" in capsys.readouterr().out

    def test_products_that_are_gone_are_left_out(self, asked, tmp_path):
        Product.objects.filter(sku="s0").delete()
        out = tmp_path / "queries.jsonl"
        call_command("xsearch_judgements", out=out, key="sku", verbosity=0)
        assert json.loads(out.read_text())["relevant"] == {"s1": 2}

    def test_it_says_what_is_wrong(self, products, tmp_path, capsys):
        with pytest.raises(CommandError, match="no field 'skuu'"):
            call_command("xsearch_judgements", out=tmp_path / "q", key="skuu")
        with pytest.raises(CommandError, match="cannot be written"):
            call_command("xsearch_judgements", out=tmp_path / "none" / "q")
        call_command("xsearch_judgements", out=tmp_path / "q")
        assert "Nothing yet that 3 people searched for" in capsys.readouterr().out


def test_judgements_from_clicks_put_right_what_positions_favoured(products):
    """Shoppers click the better object whenever they look at it, the worse one half as often; ranks favour the worse."""
    worse, better = products[:2]
    for number in range(24):
        query = ask("mug", make_visitor())
        if number % 2 == 0:  # looked at always, at rank 1
            act(None, worse, query_id=query.pk, position=1)
        if number % 3 == 0:  # looked at every third time, at rank 3
            act(None, better, query_id=query.pk, position=3)
    grades = judgements()[0].grades()
    assert grades == {str(better.pk): 3, str(worse.pk): 2}

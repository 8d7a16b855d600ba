"""Confidence intervals, paired tests, and configurations that are compared on a real, small catalogue."""

import json
from itertools import product as combinations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError
from django.test import override_settings

from tests.evaluation.test_command import CHEAP, IMAGE, TEXT, UNCHANGED, catalogue, evaluate, photo, queries, run  # noqa: F401
from xsearch.conf import overridden, settings
from xsearch.evaluation import EvaluationError, parse_configuration
from xsearch.evaluation.metrics import confidence_interval, paired_difference

pytestmark = pytest.mark.django_db


@pytest.fixture
def photo_counts_most():
    with overridden({"TEXT_BESIDE_PHOTO": 0.1, "COMPOSITION": UNCHANGED}):
        yield


def test_an_interval_holds_the_mean_narrows_with_more_queries_and_repeats_by_its_seed():
    few, many = confidence_interval([0, 1] * 5), confidence_interval([0, 1] * 200)
    assert few.low < 0.5 < few.high
    assert many.high - many.low < (few.high - few.low) / 3
    # Of a share of one half among 400, the normal approximation says 0.5 ± 1.96 · 0.5 / √400.
    assert many == (pytest.approx(0.451, abs=0.01), pytest.approx(0.549, abs=0.01))
    assert confidence_interval([0, 0.3, 1], seed=7) == confidence_interval([0, 0.3, 1], seed=7)


def test_an_interval_of_values_that_do_not_vary_has_no_width():
    assert confidence_interval([0.5] * 9) == (0.5, 0.5)
    assert confidence_interval([1]) == (1, 1)
    assert confidence_interval([]) == (0, 0)


def test_the_p_value_of_the_randomisation_test_is_that_of_all_swaps():
    before, after = [0.1, 0.5, 0.2, 0.9, 0.4], [0.4, 0.6, 0.1, 1.0, 0.9]
    differences = [b - a for a, b in zip(before, after, strict=True)]
    sums = [sum(d * s for d, s in zip(differences, signs, strict=True)) for signs in combinations((1, -1), repeat=5)]
    as_far = sum(abs(total) >= abs(sum(differences)) - 1e-9 for total in sums)
    found = paired_difference(before, after)
    assert found.p_value == pytest.approx(as_far / len(sums))
    assert found.mean == pytest.approx(sum(differences) / 5)
    assert found.interval.low <= found.mean <= found.interval.high


def test_no_difference_and_a_single_query_prove_nothing():
    assert paired_difference([0.1, 0.2], [0.1, 0.2]) == (0, (0, 0), 1)
    assert paired_difference([0.0], [1.0]).p_value == 1
    assert paired_difference([], []).p_value == 1


@pytest.mark.parametrize(
    ("text", "name", "settings_given", "weights"),
    [
        ("text=0,image=1.5", "text=0,image=1.5", {}, {"text": 0, "image": 1.5}),
        ('{"lexical": 2}', '{"lexical": 2}', {}, {"lexical": 2}),
        ('rrf={"CUT_OFF": 0.1, "text:image": 1}', "rrf", {"CUT_OFF": 0.1}, {"text:image": 1}),
        ('full text={"WEIGHTS": {"lexical": 1}}', "full text", {"WEIGHTS": {"lexical": 1}}, {}),
    ],
)
def test_a_configuration_is_read(text, name, settings_given, weights):
    found = parse_configuration(text)
    assert (found.name, dict(found.settings), dict(found.weights)) == (name, settings_given, weights)


@pytest.mark.parametrize(
    "text", ["", "{}", "text", "text=a", "a={", '{"lexical": true}', '{"NO_SUCH": 1}', "[1]", '{"ENCODERS": {}}']
)
def test_what_is_no_configuration_is_refused(text):
    with pytest.raises(
        EvaluationError, match=r"Write text=0|must be a number|Unknown settings: NO_SUCH. Known: |run xsearch_index"
    ):
        parse_configuration(text)


def test_settings_hold_only_inside_the_block_and_weights_are_merged_with_the_projects():
    with override_settings(XSEARCH={"WEIGHTS": {"lexical": 3.0, "text:text": 0.1}}):
        with overridden({"WEIGHTS": {"lexical": 0.0}, "CUT_OFF": 0.5}):
            assert (settings.CUT_OFF, settings.WEIGHTS["lexical"], settings.WEIGHTS["text:text"]) == (0.5, 0.0, 0.1)
            with overridden({"CUT_OFF": 0.6}):
                assert (settings.CUT_OFF, settings.WEIGHTS["lexical"]) == (0.6, 0.0)
            assert settings.CUT_OFF == 0.5
        assert (settings.CUT_OFF, settings.WEIGHTS["lexical"]) == (0.12, 3.0)
    with pytest.raises(ImproperlyConfigured, match="Unknown settings: CUTOFF"), overridden({"CUTOFF": 1}):
        pass


ODD = {"id": "o", "text": "blue", "image": "red.png", "relevant": {"mug-blue": 1}}


def test_json_has_intervals_and_what_each_configuration_changes(queries, photo_counts_most):  # noqa: F811
    found = evaluate(queries(ODD, TEXT), "--compare", "image=0", "--compare", 'words={"WEIGHTS": {"image:image": 0}}')
    low, high = found["intervals"]["overall"]["mrr"]
    assert low <= found["overall"]["mrr"] <= high
    assert set(found["intervals"]["by_kind"]) == {"image+text", "text"}
    by_weight, by_setting = found["compared"]
    assert (by_weight["name"], by_setting["name"]) == ("image=0", "words")
    for other in (by_weight, by_setting):
        gained = other["overall"]["mrr"] - found["overall"]["mrr"]
        assert gained > 0
        assert other["difference"]["overall"]["mrr"]["mean"] == pytest.approx(gained)
        assert other["difference"]["by_kind"]["text"]["mrr"] == {"mean": 0, "interval": [0, 0], "p_value": 1}


def test_queries_that_nothing_suits_are_counted_apart(queries):  # noqa: F811
    nothing = {"id": "n", "text": "xqzvw", "kind": "nonsense", "relevant": {}}
    wrong = {"id": "w", "text": "mug", "kind": "nonsense", "relevant": {}}
    alone, found = evaluate(queries(TEXT)), evaluate(queries(TEXT, nothing, wrong))
    assert found["overall"] | {"latency_ms": 0} == alone["overall"] | {"latency_ms": 0}
    assert found["nothing_relevant"] == {"queries": 2, "found_nothing": 0.5, "hits": 1.5}
    assert "2 queries that nothing suits: 50% found nothing, 1.5 hits each" in run(queries(TEXT, nothing, wrong))


def test_the_table_has_a_line_a_configuration_and_marks_what_is_no_chance(queries):  # noqa: F811
    many = [{**TEXT, "id": f"t{n}"} for n in range(8)]
    deaf = {"WEIGHTS": {"lexical": 0, "text:text": 0, "text:image": 0}}
    table = run(queries(*many, IMAGE), "--key", "sku", "--compare", f"deaf={json.dumps(deaf)}")
    lines = table.splitlines()
    assert [line.split()[0] for line in lines[1:3]] == ["present", "deaf"]
    assert "0.0078" in lines[2], "of 2^8 swaps, two are as far"
    assert next(line for line in lines if line.startswith("text")).split() == ["text", "8", "1.000", "0.000*"]
    assert next(line for line in lines if line.startswith("image")).split()[2:] == ["0.760", "0.760"]


def test_what_cannot_be_compared_is_an_error_with_the_cure(queries):  # noqa: F811
    path = queries(TEXT)
    with pytest.raises(CommandError, match="Unknown settings: FUSSION"):
        run(path, "--compare", json.dumps({"FUSSION": "rrf"}))
    with pytest.raises(CommandError, match=r"Two configurations are called text=0\. Name them"):
        run(path, "--key", "sku", "--compare", "text=0", "--compare", "text=0")

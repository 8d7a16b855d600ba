"""The structure of the package: no import cycles, one meaning per name, a short signature of the search."""

import pytest

from tools.structure import measure


@pytest.fixture(scope="module")
def figures():
    return measure("xsearch")


def test_no_modules_import_each_other(figures):
    assert figures["modules_in_cycles"] == []


def test_a_public_class_or_type_is_defined_in_one_file_only(figures):
    assert figures["names_defined_several_times"] == {}


def test_the_package_keeps_its_size(figures):
    # 27,000 lines when the package was laid out (0.1.0); what is above it came with set-ups of other shops.
    assert figures["files"] <= 270
    assert figures["lines"] <= 32_000


def test_a_search_has_few_named_parameters(figures):
    assert figures["parameters_of_search"] <= 13

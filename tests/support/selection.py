"""Which tests ``make quick`` leaves out: by what they need, or because one of them takes more than 0.3 seconds.

Times were measured on two idle cores. Whatever is not named here is quick.
"""

from __future__ import annotations

#: Marker → folders, files or single tests that get it.
NOT_QUICK = {
    "browser": ["tests/browser", "tests/examples/test_oscar.py"],
    "model": [
        "tests/benchmark",
        "tests/checkpoints",
        "tests/encoders/test_adapted.py",
        "tests/encoders/test_builtin.py",
        "tests/encoders/test_logmel.py",
        "tests/encoders/test_onnx.py",
        "tests/encoders/test_transformers.py",
        "tests/export",
        "tests/management/test_download.py",
        "tests/search/ranking/test_shoppers.py",
        "tests/search/test_checkpoints.py",
        "tests/search/test_judged.py",
        "tests/search/test_real_catalogues.py",
        "tests/search/test_spoken.py",
        "tests/search/vectors",
        "tests/speech/test_recognition.py",
        "tests/speech/test_whisper.py",
        "tests/training",
    ],
    "process": [
        "tests/encoders/test_remote.py",
        "tests/examples",
        "tests/hosts",
        "tests/indexing/test_broker.py",
        "tests/indexing/test_django_tasks.py",
        "tests/indexing/test_rebuild_searching.py",
        "tests/indexing/test_workers.py",
        "tests/management/test_index.py",
        "tests/project/test_imports.py",
        "tests/project/test_wheel.py",
        "tests/serving/test_command.py",
        "tests/shop/demo",
        "tests/shop/embedded",
        "tests/test_checks.py::test_w023_in_the_schedule_of_django_celery_beat",
        "tests/test_lazy.py",
        "tests/test_warming.py",
    ],
    "slow": [
        "tests/admin/test_indexed.py",
        "tests/admin/test_overview.py",
        "tests/api/test_endpoints.py::test_suggestions",
        "tests/api/test_fuzz.py",
        "tests/api/test_models.py",
        "tests/api/test_properties.py",
        "tests/api/test_uploads.py::test_photos_stay_in_memory",
        "tests/api/test_voice.py",
        "tests/databases",
        "tests/evaluation/test_command.py",
        "tests/evaluation/test_compare.py",
        "tests/evaluation/test_tune.py",
        "tests/indexing/test_adapters.py",
        "tests/indexing/test_bulk.py",
        "tests/indexing/test_rebuild_swaps.py",
        "tests/indexing/test_spaces.py",
        "tests/management/test_status.py",
        "tests/media/test_audio.py::test_an_hour_is_refused_without_being_decoded",
        "tests/media/test_audio.py::test_damage_raises_nothing_but_media_errors_and_stays_quiet",
        "tests/search/ranking/test_order.py",
        "tests/search/ranking/test_personalisation.py",
        "tests/search/retrieval",
        "tests/search/test_suggestions.py",
        "tests/search/test_multi_index.py",
        "tests/search/test_remote_encoder.py",
        "tests/search/test_stress.py",
        "tests/search/words/test_common_words.py",
        "tests/search/words/test_demo_catalogue.py",
        "tests/search/words/test_lexical.py",
        "tests/search/words/test_glossary.py",
        "tests/search/words/test_scoring.py",
        "tests/search/words/test_spelling.py",
        "tests/shop",
        "tests/text/test_analysis.py::test_long_texts_and_words_are_cut",
        "tests/text/test_tsearch.py::test_any_text_is_a_valid_document_and_finds_itself",
        "tests/text/test_tsearch.py::test_huge_documents_fit_and_keep_the_weightiest_text",
        "tests/tools",
        "tests/understanding/test_search.py",
        "tests/visitors/test_consent.py::TestErasing",
        "tests/visitors/test_consent.py::TestLogin",
    ],
}


def marker_of(test: str) -> str:
    """Return the marker of a test, a file or a folder, named as pytest names it; "quick" where no other fits."""
    for marker, places in NOT_QUICK.items():
        if any(test == place or test.startswith((f"{place}/", f"{place}::", f"{place}[")) for place in places):
            return marker
    return "quick"

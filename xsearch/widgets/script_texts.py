"""Texts of the search bar's script, in the language of the page."""

from __future__ import annotations

from django.utils.translation import gettext as _


def script_texts() -> dict[str, str]:
    """Return every text of the script by name; the script fills in ``{…}``."""
    return {**_photo_texts(), **_voice_texts(), **_suggestion_texts(), **_result_texts()}


def _photo_texts() -> dict[str, str]:
    return {
        "photo": _("Your photo"),
        "removePhoto": _("Remove the photo"),
        "photoRemoved": _("Photo removed."),
        "notAPhoto": _("That is not a photo. Choose a JPEG, PNG or WebP picture."),
        "tooManyPhotos": _("At most {count} photos of one thing. Remove one first."),
        "photoTooLarge": _("The photo is too large. Choose a smaller one."),
        "cameraDenied": _("The camera is blocked. Allow it in the browser's settings, or choose a photo instead."),
        "cameraMissing": _("No camera was found. Choose a photo instead."),
    }


def _voice_texts() -> dict[str, str]:
    return {
        "asking": _("Allow the microphone, please …"),
        "listening": _("Listening … say what you are looking for."),
        "hearingNothing": _("I cannot hear anything. Is the microphone on?"),
        "transcribing": _("Understanding …"),
        "heard": _("Heard: “{text}”"),
        "removeHeard": _("Forget what was heard"),
        "didYouSay": _("Did you say"),
        "unsure": _("Did you say this? Correct it, or press Enter to search."),
        "notUnderstood": _("I did not understand that. Try again, or type."),
        "microphoneDenied": _("The microphone is blocked. Allow it in the browser's settings, or type."),
        "microphoneMissing": _("No microphone was found. You can type instead."),
        "microphoneUnsupported": _("This browser cannot record here. Voice search needs a secure (https) page."),
        "speechUnavailable": _("Speech could not be understood right now. You can type instead."),
        "speechLanguage": _("Speech in this language is not understood here yet. You can type instead."),
        "soundSearch": _("Search for this sound"),
        "sound": _("Your recording"),
        "removeSound": _("Remove the recording"),
    }


def _suggestion_texts() -> dict[str, str]:
    return {
        "suggestions": _("{count} suggestions. Use the arrow keys."),
        "suggestionsFor": _("Suggestions for “{text}”"),
        "suggestionTexts": _("Searches"),
        "popularQueries": _("Popular searches"),
        "categories": _("Categories"),
        "products": _("Products"),
    }


def _result_texts() -> dict[str, str]:
    return {
        "searching": _("Searching …"),
        "failed": _("The search did not answer. Check the connection and try again."),
    }

"""Pages of a visitor: what is stored about them, and their decisions."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.generic import TemplateView, View

from xsearch.conf import settings
from xsearch.visitors import consent
from xsearch.visitors.identity import remembered_visitor, visitor_of
from xsearch.visitors.stored_data import stored_data_of
from xsearch.web.problems import problem_of
from xsearch.web.throttling import limit

#: The script sends it, and needs no page in return.
_SCRIPT_HEADER = "X-Xsearch"


@method_decorator(never_cache, name="dispatch")
class StoredDataView(TemplateView):
    """Shows what is stored about the visitor, with a switch, a download, and a button that erases everything."""

    template_name = "xsearch/known.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the stored data; ``is_on`` is True if more is remembered now."""
        visitor = visitor_of(self.request)
        return super().get_context_data(
            known=stored_data_of(visitor),
            is_stored=visitor is not None,
            is_on=remembered_visitor(self.request) is not None,
            is_erased="erased" in self.request.GET,
            keep={"events": settings.EVENTS_KEEP_DAYS, "queries": settings.QUERIES_KEEP_DAYS},
            **kwargs,
        )


@method_decorator(never_cache, name="dispatch")
class DownloadView(View):
    """Sends everything that is stored about the visitor as a JSON file."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the file."""
        found = asdict(stored_data_of(visitor_of(request), limit=None))
        response = JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 2})
        response["Content-Disposition"] = 'attachment; filename="known.json"'
        return response


class _ChoiceView(View):
    """Takes a decision from a form, and leads back to its page."""

    http_method_names = ("post",)
    #: Parameters for the page of the stored data, which comes next if the form names no page.
    parameters = ""

    @staticmethod
    def decide(request: HttpRequest, response: HttpResponseBase) -> None:
        raise NotImplementedError

    def post(self, request: HttpRequest) -> HttpResponse:
        """Carry out the decision, within the limit of requests."""
        try:
            limit(request, "events")
        except Exception as error:  # bugs are raised again
            problem = problem_of(error)
            if problem is None:
                raise
            return JsonResponse(problem.body(), status=problem.status, headers=problem.headers)
        response = self._answer(request)
        self.decide(request, response)
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if _SCRIPT_HEADER in request.headers:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        back = request.POST.get("next", "")
        if not url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure()):
            back = reverse("xsearch_visitor:known") + self.parameters
        return HttpResponseRedirect(back, status=HTTPStatus.SEE_OTHER)


class AgreeView(_ChoiceView):
    """Agrees to be remembered from now on."""

    decide = staticmethod(consent.agree)


class DeclineView(_ChoiceView):
    """Declines to be remembered."""

    decide = staticmethod(consent.decline)


class EraseView(_ChoiceView):
    """Erases everything that is stored about the visitor, who is not remembered from now on."""

    decide = staticmethod(consent.erase)
    parameters = "?erased=1"

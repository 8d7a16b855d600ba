"""Pages of a visitor: what is stored about them, and their decisions."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import TemplateView, View

from xsearch.conf import settings
from xsearch.visitors import consent
from xsearch.visitors.identity import remembered_visitor, visitor_of
from xsearch.visitors.stored_data import stored_data_of
from xsearch.web.problems import problem_of
from xsearch.web.throttling import limit

#: The script sends it, and needs no page in return.
_SCRIPT_HEADER = "X-Xsearch"


class StoredDataView(TemplateView):
    """Shows what is stored about the visitor, with a switch, a download, and a button that erases everything."""

    template_name = "xsearch/known.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the stored data; ``is_on`` is True if more is remembered now."""
        visitor = visitor_of(self.request)
        context = {"known": stored_data_of(visitor), "is_stored": visitor is not None}
        is_on = remembered_visitor(self.request) is not None
        return super().get_context_data(
            **context, is_on=is_on, is_erased="erased" in self.request.GET, keep=_keep(), **kwargs
        )

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer with a page that no cache keeps."""
        response = super().dispatch(request, *args, **kwargs)
        add_never_cache_headers(response)
        return response


def _keep() -> dict[str, int]:
    return {"events": settings.EVENTS_KEEP_DAYS, "queries": settings.QUERIES_KEEP_DAYS}


class DownloadView(View):
    """Sends everything that is stored about the visitor as a JSON file."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the file."""
        found = stored_data_of(visitor_of(request), limit=None).as_dict()
        response = JsonResponse(found, json_dumps_params={"ensure_ascii": False, "indent": 2})
        response["Content-Disposition"] = 'attachment; filename="known.json"'
        add_never_cache_headers(response)
        return response


class _ChoiceView(View):
    """Takes a decision from a form, and leads back to its page."""

    http_method_names = ("post",)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Carry out the decision."""
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

    def decide(self, request: HttpRequest, response: HttpResponse) -> None:
        raise NotImplementedError

    def address(self) -> str:
        """Return the next address if the form has none."""
        return reverse("xsearch_visitor:known")

    def _answer(self, request: HttpRequest) -> HttpResponse:
        if _SCRIPT_HEADER in request.headers:
            return HttpResponse(status=HTTPStatus.NO_CONTENT)
        back = request.POST.get("next", "")
        is_own = url_has_allowed_host_and_scheme(back, {request.get_host()}, require_https=request.is_secure())
        return HttpResponseRedirect(back if is_own else self.address(), status=HTTPStatus.SEE_OTHER)


class AgreeView(_ChoiceView):
    """Agrees to be remembered."""

    def decide(self, request: HttpRequest, response: HttpResponse) -> None:
        """Remember the visitor from now on."""
        consent.agree(request, response)


class DeclineView(_ChoiceView):
    """Declines to be remembered."""

    def decide(self, request: HttpRequest, response: HttpResponse) -> None:
        """Remember nothing from now on."""
        consent.decline(request, response)


class EraseView(_ChoiceView):
    """Erases everything that is stored about the visitor."""

    def decide(self, request: HttpRequest, response: HttpResponse) -> None:
        """Delete what is stored, and remember nothing from now on."""
        consent.erase(request, response)

    def address(self) -> str:
        """Return the address that says that everything is erased."""
        return f"{super().address()}?erased=1"

"""The search page: a plain form without JavaScript, and the results for the widgets with it."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, JsonResponse, QueryDict
from django.utils.cache import patch_vary_headers
from django.utils.translation import get_language
from django.views.decorators.csrf import csrf_exempt
from django.views.generic import TemplateView

from xsearch.conf import settings
from xsearch.index.registry import Index, ModelNames, get_indexes
from xsearch.recorded_search import search_as_asked
from xsearch.search import SearchResults
from xsearch.web import parameters
from xsearch.web.parameters import find_existing_examples
from xsearch.web.problems import Problem, problem_of
from xsearch.web.requests import SearchParameters
from xsearch.web.throttling import limit
from xsearch.web.uploads import MemoryUploadHandler, keep_in_memory, refuse_large_body
from xsearch.widgets.query import PageQuery

#: The widgets send it to get the results without the page.
FRAGMENT_HEADER = "X-Xsearch"
_MEDIA = ("image", "audio")


class SearchView(TemplateView):
    """A page with a search bar and its results; subclass it to choose the template or the queryset.

    ``path("search/", SearchView.as_view(template_name="shop/search.html"), name="search")``.
    The template gets ``results`` (``SearchResults`` or None), ``query`` (``PageQuery``), ``error``
    (``Problem`` with ``code`` and ``detail``, or None) and ``index``; ``{% xsearch_bar %}`` and
    ``{% xsearch_results %}`` read them from there. Uploads stay in memory. There is no CSRF check,
    because a search changes nothing: pages with a search bar can be cached and need no cookie. For visitors who
    agreed to be remembered, the order follows their taste, unless the address says ``personal=0``.
    """

    template_name = "xsearch/search.html"
    #: Template of the results without the page.
    fragment_template_name = "xsearch/results_content.html"
    #: Model or label of the index; None: the first. Several (a list, or "all") are searched together, and the
    #: page lets its visitors choose among them.
    model: ModelNames = None
    #: First scope of a page for several indexes: the label of one of them, or "all"; empty: the first.
    scope: str = ""
    page_size = 24
    #: True: without words, photo or filters the page shows everything in the default order. For the page of a category,
    #: limit ``get_queryset``.
    browse = False

    @classmethod
    def as_view(cls, **initkwargs: Any) -> Callable[..., HttpResponse]:
        """Return the view, exempt from the CSRF check also where a subclass overrides ``dispatch``."""
        view: Callable[..., HttpResponse] = csrf_exempt(super().as_view(**initkwargs))
        return view

    def get_queryset(self, index: Index) -> QuerySet[Any]:
        """Return the objects that may be found."""
        return index.get_queryset()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Keep uploads in memory and out of error reports."""
        self.indexes = get_indexes(self.model)
        self.index = self.indexes[0]
        self.upload_handler: MemoryUploadHandler = keep_in_memory(request, _MEDIA)
        request.sensitive_post_parameters = "__ALL__"  # type: ignore[attr-defined]
        response = super().dispatch(request, *args, **kwargs)
        patch_vary_headers(response, [FRAGMENT_HEADER, "Cookie"])
        return response

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        """Search by the parameters in the address."""
        return self.answer(_fields(request.GET))

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:  # noqa: ARG002
        """Search by the form; a search without photo or recording is redirected to an address that can be shared."""
        try:
            refuse_large_body(request, _MEDIA)
            values = _fields(request.POST) | parameters.collect(request.FILES)
            self.upload_handler.check()
        except Exception as error:  # noqa: BLE001 - bugs are raised again
            return self.refuse(error, self.query({}))
        if not self.wants_fragment() and not any(name in values for name in _MEDIA):
            return HttpResponseRedirect(self.query(values).url() or request.path, status=HTTPStatus.SEE_OTHER)
        return self.answer(values)

    def query(self, values: dict[str, Any]) -> PageQuery:
        """Return the query of the page."""
        return PageQuery(self.index, values, self.indexes, self.scope)

    def answer(self, values: dict[str, Any]) -> HttpResponse:
        """Search and answer with the page or the fragment."""
        query = self.query(values)
        try:
            asks = query.asks or self.browse
            results = self.find(values | {"model": query.labels, "sort": query.sort}) if asks else None
        except Exception as error:  # noqa: BLE001 - bugs are raised again
            return self.refuse(error, query)
        return self.show(query, results, None)

    def find(self, values: dict[str, Any]) -> SearchResults:
        """Run the search; ignore parameters that neither the search nor the indexes know.

        ``values["model"]`` has the labels of the indexes that hits come from; the other indexes are only counted.
        """
        limit(self.request, "media" if any(name in values for name in _MEDIA) else "search")
        filters = [name for index in self.indexes for name in index.filter_names()]
        allowed = {*SearchParameters().fields, *filters} - {"model", "explain"}
        asked = {name: value for name, value in values.items() if name in allowed and value != ""}
        spoken = {"lang": get_language() or "en"} if "audio" in values else {}
        asked = {**self._defaults(values), **spoken, **asked, "model": [one.label for one in self.indexes]}
        page = str(asked.get("page", "1"))
        if not page.isdecimal() or int(page) < 1:  # somebody has edited the address
            del asked["page"]
        checked = parameters.check(asked, SearchParameters, filters=True)
        options = {name: value for name, value in checked.values.items() if name != "explain"}
        querysets = [self.get_queryset(index) for index in self.indexes]
        is_gone = find_existing_examples(querysets, options)
        only = values.get("model", ())
        results = search_as_asked(self.request, querysets, checked, options, only=only, browse=self.browse)
        results.degraded += ["example"] if is_gone else []
        return results

    def _defaults(self, values: dict[str, Any]) -> dict[str, Any]:
        """Return the defaults of the page size and of exact counts.

        The script asks again for exact counts. Without it, nothing does, and no address leads to more results for a
        photo.
        """
        is_alone = any(name in values for name in _MEDIA) and not self.wants_fragment()
        return {
            "page_size": settings.MAX_PAGE_SIZE if is_alone else self.page_size,
            "exact": is_alone and settings.COUNT_ALL,
        }

    def refuse(self, error: Exception, query: PageQuery) -> HttpResponse:
        """Answer with the problem of a request; raise a bug again."""
        problem = problem_of(error)
        if problem is None:
            raise error
        if self.wants_fragment():
            return JsonResponse(problem.body(), status=problem.status, headers=problem.headers)
        return self.show(query, None, problem)

    def show(self, query: PageQuery, results: SearchResults | None, error: Problem | None) -> HttpResponse:
        """Render the page, or only the results if the widgets ask for them."""
        context = self.get_context_data(query=query, results=results, error=error, index=query.index)
        response = self.response_class(
            request=self.request,
            template=[self.fragment_template_name] if self.wants_fragment() else self.get_template_names(),
            context=context,
            status=error.status if error else HTTPStatus.OK,
            headers=error.headers if error else None,
        )
        if self.request.method == "POST":
            response["Cache-Control"] = "no-store"
        return response

    def wants_fragment(self) -> bool:
        """Return True if the widgets ask for the results without the page."""
        return self.request.headers.get(FRAGMENT_HEADER) == "fragment"


def _fields(source: QueryDict) -> dict[str, Any]:
    """Return the values of a form without the names of its files: without a file they hold a text."""
    return {name: value for name, value in parameters.collect(source).items() if name not in _MEDIA}

"""An asynchronous view of the shop."""

from django.db import transaction
from django.http import HttpRequest, JsonResponse

import xsearch
from catalogue.models import Product


@transaction.non_atomic_requests  # Django makes no async view a transaction
async def asynchronous_search(request: HttpRequest) -> JsonResponse:
    """Answer with titles, total and facets; nothing here waits for the database."""
    results = await xsearch.asearch(Product.objects.all(), text=request.GET["q"], user=request.user)
    facets = {name: {value.label: value.count for value in values} for name, values in results.facets.items()}
    titles = [hit.object.title for hit in results]
    return JsonResponse({"titles": titles, "total": results.total, "facets": facets})

"""What shops put into their templates of a result: a context processor, and a tag that needs the request."""

from django import template

register = template.Library()

HIT = """{% load i18n page_context %}<a class="xs-hit-title" href="{{ hit.url }}">{{ hit.title }}</a>
<form method="post" data-user="{{ request.user }}" data-path="{% path_of_page %}" data-basket="{{ basket_size }}"
  data-language="{{ LANGUAGE_CODE }}" data-own="{{ page_variable }}">{% csrf_token %}
<button>{% translate "Search" %}</button></form>"""


def basket(request):
    """Count what the customer has in the basket, as a context processor."""
    return {"basket_size": len(request.session.get("basket", ())) + 7}


@register.simple_tag(takes_context=True)
def path_of_page(context):
    """Return the path of the page; without a request it fails, as the tags of many shops do."""
    return context["request"].path

"""HAL-FORMS (application/prs.hal-forms+json): HAL with the requests that are possible.

The first form is the `default` template. So that clients written against the first
implementations take it, `properties` stands always and values are strings.
"""

from typing import Any

import msgspec

from api.formats.hal import resource_of
from api.hypermedia.document import Document, Field, Form, Option

FORM = "application/x-www-form-urlencoded"
_DEFAULT = "default"
_encode = msgspec.json.Encoder().encode


def render_hal_forms(document: Document) -> bytes:
    """The document as HAL-FORMS in UTF-8; without forms there are no `_templates`."""
    resource = resource_of(document)
    if document.forms:
        names = [_DEFAULT, *(each.name for each in document.forms[1:])]
        resource["_templates"] = {
            name: _template(form)
            for name, form in zip(names, document.forms, strict=True)
        }
    return _encode(resource)


def _template(form: Form) -> dict[str, Any]:
    return {
        "title": form.title,
        "method": form.method,
        "target": form.href,
        "contentType": FORM,
        "properties": [_property(each) for each in form.fields],
    }


def _property(field: Field) -> dict[str, Any]:
    told = {
        "name": field.name,
        "prompt": field.prompt,
        "type": field.type,
        "required": field.is_required,
        "readOnly": False,
        "regex": field.pattern,
        "min": field.low,
        "max": field.high,
        "step": field.step,
        "minLength": field.shortest,
        "maxLength": field.longest,
        "placeholder": field.placeholder,
        "options": _options(field),
        "value": field.value,
    }
    return {name: value for name, value in told.items() if value is not None}


def _options(field: Field) -> dict[str, Any] | None:
    least = int(field.is_required)
    if field.source is not None:
        return {
            "link": {"href": field.source.href, "templated": True},
            "promptField": field.source.prompt,
            "valueField": field.source.value,
            "minItems": least,
            "maxItems": 1,
        }
    if not field.options:
        return None
    inline = [_option(each) for each in field.options]
    return {"inline": inline, "minItems": least, "maxItems": 1}


def _option(option: Option) -> str | dict[str, str]:
    if option.prompt == option.value:
        return option.value
    return {"prompt": option.prompt, "value": option.value}

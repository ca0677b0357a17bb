"""Patches: JSON Merge Patch (RFC 7396) and JSON Patch (RFC 6902), applied to a copy."""

import copy
import re
from typing import Any

import jsonpatch
import jsonpointer
import msgspec

from api.errors import BodyTooLarge, MalformedBody, PatchConflict
from api.hypermedia.document import JsonValue
from api.protocol.bodies import JSON_PATCH, LARGEST_BODY
from api.protocol.json_bodies import require_kept, too_deep

MOST_OPERATIONS = 100
_POINTER = re.compile(r"(?:/(?:[^~/]|~[01])*)*")


def apply_patch(
    document: dict[str, JsonValue], patch: Any, media_type: str
) -> dict[str, JsonValue]:
    """The document after the patch; the one given stays as it is.

    Raises:
        MalformedBody: the patch is no patch.
        PatchConflict: a test fails, or a path leads nowhere.
        BodyTooLarge: there are too many operations, or the result is too large.
    """
    if media_type != JSON_PATCH:
        merged = merge(document, patch)
        assert isinstance(merged, dict)  # noqa: S101 - a patch that is an object makes one
        return merged
    _require_operations(patch)
    result: Any = copy.deepcopy(document)
    for operation in patch:
        result = _applied(result, operation)
        if operation["op"] == "copy":
            _require_size(result)
    if not isinstance(result, dict):
        raise MalformedBody("The patch replaces the document by something else.")
    require_kept(result)
    return result


def merge(target: JsonValue, patch: JsonValue) -> JsonValue:
    """The target with the patch merged in, as RFC 7396 defines it in section 2."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge(result.get(name), value)
    return result


def _require_operations(patch: list[Any]) -> None:
    if len(patch) > MOST_OPERATIONS:
        raise BodyTooLarge(f"A patch may have at most {MOST_OPERATIONS} operations.")
    for operation in patch:
        for name in ("path", "from"):
            pointer = operation.get(name, "") if isinstance(operation, dict) else None
            if not isinstance(pointer, str) or not _POINTER.fullmatch(pointer):
                raise MalformedBody(f"{pointer!r} is no JSON Pointer of an operation.")


def _applied(document: Any, operation: dict[str, Any]) -> Any:
    try:
        result = jsonpatch.JsonPatch([operation]).apply(document, in_place=True)
    except jsonpatch.InvalidJsonPatch as ex:
        raise MalformedBody(f"The patch is malformed: {ex}.") from ex
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException) as ex:
        name, path = operation.get("op"), operation.get("path")
        raise PatchConflict(f"{name!r} at {path!r} does not fit the document.") from ex
    except RecursionError as ex:
        raise too_deep() from ex
    return result


def _require_size(document: Any) -> None:
    """Copies of copies double with each operation, so each result is looked at."""
    try:
        size = len(msgspec.json.encode(document))
    except RecursionError as ex:
        raise too_deep() from ex
    if size > LARGEST_BODY:
        raise BodyTooLarge("The patched document would be too large.")

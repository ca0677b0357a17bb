"""URI templates (RFC 6570), expanded with variables that are checked first."""

import re
from collections.abc import Mapping
from functools import lru_cache

import uritemplate
from uritemplate.variable import VariableValue

from waymark_client.errors import TemplateFault

EXPRESSION = re.compile(r"\{([+#./;?&]?)([^{}]+)\}")
_MODIFIER = re.compile(r"(\*|:\d+)$")
_OPTIONAL = frozenset("?&;#")
"""The operators whose variables may be absent: without one the rest still stands."""


@lru_cache(maxsize=1024)
def variables_of(template: str) -> dict[str, bool]:
    """The variables of the template, each with whether it must be given."""
    found: dict[str, bool] = {}
    for operator, names in EXPRESSION.findall(template):
        for name in names.split(","):
            is_needed = operator not in _OPTIONAL or not operator
            found[_MODIFIER.sub("", name)] = is_needed
    return found


def is_well_formed(template: str) -> bool:
    """Whether each brace belongs to an expression with names of variables."""
    if re.search(r"[{}]", EXPRESSION.sub("", template)):
        return False
    return all(
        re.fullmatch(r"(?:[\w.]|%[0-9A-Fa-f]{2})+", name)
        for name in variables_of(template)
    )


def expand(template: str, variables: Mapping[str, object]) -> str:
    """The URI that the template makes of the variables; None is an absent one.

    Raises:
        TemplateFault: a variable of the path is missing.
    """
    given: dict[str, VariableValue] = {
        name: _written(value) for name, value in variables.items() if value is not None
    }
    missing = [
        name
        for name, needed in variables_of(template).items()
        if needed and name not in given
    ]
    if missing:
        raise TemplateFault(f"{template} needs {', '.join(missing)}")
    return uritemplate.expand(template, given)


def require_known(variables: Mapping[str, object], templates: list[str]) -> None:
    """Let pass only variables that some of the templates use.

    Raises:
        TemplateFault: none of them has the variable; the message names theirs.
    """
    known = {name for each in templates for name in variables_of(each)}
    unknown = [name for name in variables if name not in known]
    if unknown:
        those = ", ".join(sorted(known)) or "no variables"
        raise TemplateFault(
            f"no link on the way takes {', '.join(unknown)}: there are {those}"
        )


def _written(value: object) -> VariableValue:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return [str(each) for each in value]
    return str(value)

"""Which errors say that a database can't be used now; others are faults of ours."""

_CLASSES = frozenset({"08", "53", "57", "58"})
"""PostgreSQL's: no connection, no resources, somebody intervened, the system failed."""
_STATES = frozenset({"25006", "25P03", "25P04", "40001", "40P01", "55P03"})


def is_outage(error: BaseException) -> bool:
    """Whether the database could not be used, so that it is worth coming again.

    The error is a driver's, or one of SQLAlchemy's around it.
    """
    cause = getattr(error, "orig", None) or error
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return state in _STATES or state[:2] in _CLASSES
    # SQLite's errors have no state, nor has what libpq says where nobody answers it.
    # Of a damaged file SQLite says no more than DatabaseError.
    names = [each.__name__ for each in type(cause).__mro__]
    return "OperationalError" in names or names[0] == "DatabaseError"

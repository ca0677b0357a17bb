"""Which statements a connection to the database gets, on either engine."""

from contextlib import contextmanager

import psycopg
from sqlalchemy import Engine, event


def selects(client, path):
    """How many statements read rows for a GET."""
    return sum(text.startswith("SELECT") for text in statements(client, path))


def statements(client, path):
    """The statements that a new connection to the database gets for a GET."""
    seen = []

    def trace_new(driver, _record):
        trace(driver, lambda text, _arguments: seen.append(text))

    event.listen(Engine, "connect", trace_new)
    try:
        assert client.get(path).status_code == 200
    finally:
        event.remove(Engine, "connect", trace_new)
    return seen


@contextmanager
def traced(driver):
    """The statements that the connection gets inside, with their arguments."""
    seen = []
    restore = trace(driver, lambda text, arguments: seen.append((text, arguments)))
    try:
        yield seen
    finally:
        restore()


def trace(driver, note):
    """Let the connection tell each statement; gives what ends that."""
    if not isinstance(driver, psycopg.Connection):
        # SQLite tells statements whose arguments are written into them.
        driver.set_trace_callback(lambda text: note(text, ()))
        return lambda: driver.set_trace_callback(None)
    usual = driver.cursor_factory

    class Telling(usual):
        def execute(self, query, params=None, **kwargs):
            note(query, params)
            return super().execute(query, params, **kwargs)

    driver.cursor_factory = Telling

    def restore():
        driver.cursor_factory = usual

    return restore

"""What operators ask: health, metrics, timing, traces."""

import json
import re
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from falcon.testing import TestClient
from opentelemetry import trace

from api.app import create_app
from api.operations.health import DRAINING
from api.storage.opening import engine_at
from tests.client import Client

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
_VERSION = "SELECT version_num FROM alembic_version"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


def count(client, name, **labels):
    """The value of a metric with just these labels."""
    for line in client.get("/metrics").text.splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        told = dict(re.findall(r'(\w+)="([^"]*)"', found[1] or "")) if found else None
        if told == labels:
            return float(found[2])
    return 0.0


@contextmanager
def of_version(url, number):
    """Inside, the database says that it is of that version."""
    engine = engine_at(url)
    with engine.connect() as connection:
        before = connection.execute(sa.text(_VERSION)).scalar_one()
        change = sa.text("UPDATE alembic_version SET version_num = :number")
        connection.execute(change, {"number": number})
        try:
            yield
        finally:
            connection.execute(change, {"number": before})
    engine.dispose()


def test_who_lives_says_so_whatever_the_database_does(client, settings):
    answer = client.get("/health/live")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/health+json"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.json["status"] == "pass"


def test_who_is_ready_says_what_was_looked_at(client):
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json["status"]) == (200, "pass")
    checks = answer.json["checks"]
    assert {each[0]["status"] for each in checks.values()} == {"pass"}
    assert checks["database:responseTime"][0]["observedUnit"] == "ms"


def test_an_old_database_is_not_ready(client, settings):
    with of_version(settings.database_url, "0001"):
        answer = client.get("/health/ready")
    assert (answer.status_code, answer.json["status"]) == (503, "fail")
    assert answer.json["checks"]["database:migrations"][0]["status"] == "fail"
    assert answer.json["checks"]["database:responseTime"][0]["status"] == "pass"


@pytest.mark.sqlite_only  # PostgreSQL's is no file
def test_a_broken_database_is_not_ready_but_the_process_lives(settings):
    broken = settings.database_url.removeprefix("sqlite:///")
    Path(broken).write_bytes(b"no database at all" * 1000)
    client = Client(create_app(settings))
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json["checks"]["database:responseTime"][0]["status"] == "fail"
    assert client.get("/health/live").status_code == 200


def test_who_is_to_stop_is_not_ready_and_still_answers(client, monkeypatch):
    monkeypatch.setattr(DRAINING, "has_begun", True)
    assert client.get("/health/ready").status_code == 503
    assert client.get("/health/live").status_code == 200
    assert client.get("/books").status_code == 200


def test_health_needs_no_token_but_metrics_do(settings):
    guarded = Client(create_app(replace(settings, auth="token")))
    assert guarded.get("/health/live").status_code == 200
    assert guarded.get("/health/ready").status_code == 200
    assert guarded.get("/metrics").status_code == 401


def test_requests_are_counted_by_route_never_by_path(client):
    labels = {"route": "/tasks/{task}", "method": "GET", "status": "404"}
    before = count(client, "waymark_requests_total", **labels, format="json")
    for key in ("one", "two"):
        client.get(f"/tasks/{key}")
    after = count(client, "waymark_requests_total", **labels, format="json")
    assert after - before == 2
    text = client.get("/metrics").text
    assert "/tasks/one" not in text
    client.get("/no/such/path")
    assert "/no/such/path" not in client.get("/metrics").text


def test_latencies_problems_and_writes_are_counted(client):
    names = {
        "waymark_request_seconds_count": {"route": "/tasks", "method": "POST"},
        "waymark_problems_total": {"type": "invalid-body"},
        "waymark_write_group_size_count": {},
    }
    before = {name: count(client, name, **labels) for name, labels in names.items()}
    client.post("/tasks", {"description": "x"})
    client.post("/tasks", {})
    told = {name: count(client, name, **labels) for name, labels in names.items()}
    grown = {name: told[name] - before[name] for name in names}
    assert grown == {
        "waymark_request_seconds_count": 2,
        "waymark_problems_total": 1,
        "waymark_write_group_size_count": 1,
    }


def test_an_unknown_method_makes_no_label_of_its_own(client):
    client.simulate_request("FOO", "/books")
    assert 'method="FOO"' not in client.get("/metrics").text


def test_metrics_can_be_elsewhere_or_off(settings):
    for changed in ({"metrics": False}, {"metrics_bind": "127.0.0.1:9"}):
        client = TestClient(create_app(replace(settings, **changed)))
        assert client.simulate_get("/metrics", host="localhost").status_code == 404


def test_an_answer_tells_how_long_it_took_if_that_is_wanted(client, settings):
    timed = Client(create_app(replace(settings, server_timing=True)))
    for path in ("/books", "/nowhere"):
        told = timed.get(path).headers["server-timing"]
        assert re.fullmatch(r"total;dur=\d+\.\d{3}", told)
    assert "server-timing" not in client.get("/books").headers


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (PARENT, TRACE),
        ("00-" + "0" * 32 + "-00f067aa0ba902b7-01", None),
        ("nonsense", None),
        (PARENT.upper(), None),
    ],
)
def test_the_access_log_names_the_trace(settings, capsysbinary, parent, expected):
    client = Client(create_app(replace(settings, access_log=True)))
    client.get("/books", traceparent=parent)
    line = json.loads(capsysbinary.readouterr().err.splitlines()[-1])
    assert line["event"] == "request"
    assert line.get("trace_id") == expected


class Spans:
    """Stands in for the SDK: remembers the spans that were made."""

    def __init__(self):
        self.ended = []

    def start_span(self, name, context, _kind, attributes):
        return Span(self, name, context, attributes)


class Span:
    def __init__(self, spans, name, context, attributes):
        self.spans, self.name, self.status = spans, name, None
        self.attributes = dict(attributes)
        self.parent = trace.get_current_span(context).get_span_context()

    def update_name(self, name):
        self.name = name

    def set_attribute(self, name, value):
        self.attributes[name] = value

    def set_status(self, status):
        self.status = status.status_code

    def end(self):
        self.spans.ended.append(self)


def test_each_request_is_a_span_of_the_trace_that_it_names(settings, monkeypatch):
    spans = Spans()
    monkeypatch.setattr(trace, "get_tracer", lambda *_: spans)
    client = Client(create_app(replace(settings, tracing=True)))
    client.get("/tasks/a", traceparent=PARENT)
    client.get("/nowhere")
    first, second = spans.ended
    assert first.name == "GET /tasks/{task}"
    assert first.attributes["http.route"] == "/tasks/{task}"
    assert first.attributes["http.response.status_code"] == 404
    assert f"{first.parent.trace_id:032x}" == TRACE
    assert first.status is None
    assert "http.route" not in second.attributes


def test_a_failure_of_the_server_is_a_failure_of_its_span(settings, monkeypatch):
    async def fail(_req):
        raise ZeroDivisionError

    spans = Spans()
    monkeypatch.setattr(trace, "get_tracer", lambda *_: spans)
    client = TestClient(create_app(replace(settings, tracing=True), fail))
    assert client.simulate_get("/books", host="localhost").status_code == 500
    assert spans.ended[0].status is trace.StatusCode.ERROR


def test_without_an_sdk_tracing_does_nothing(settings):
    client = Client(create_app(replace(settings, tracing=True)))
    assert client.get("/books", traceparent=PARENT).status_code == 200

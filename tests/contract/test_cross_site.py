"""Pages of other sites can't make a browser write; programs are not disturbed."""

import pytest

OWN, OTHER = "http://localhost", "http://evil.example"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        pytest.param({}, 201, id="no browser"),
        pytest.param({"origin": OWN}, 201, id="own origin"),
        pytest.param({"origin": OWN.upper()}, 201, id="own origin in capitals"),
        pytest.param({"sec_fetch_site": "same-origin"}, 201, id="same-origin"),
        pytest.param({"sec_fetch_site": "none"}, 201, id="typed by the user"),
        pytest.param({"origin": OTHER}, 403, id="other origin"),
        pytest.param({"origin": f"{OWN}:8001"}, 403, id="other port"),
        pytest.param({"origin": "null"}, 403, id="opaque origin"),
        pytest.param({"origin": "http://["}, 403, id="no origin at all"),
        pytest.param({"origin": "file://"}, 403, id="file"),
        pytest.param({"sec_fetch_site": "cross-site"}, 403, id="cross-site"),
        pytest.param({"sec_fetch_site": "same-site"}, 403, id="same-site"),
        pytest.param(
            {"sec_fetch_site": "cross-site", "origin": OWN}, 403, id="they disagree"
        ),
    ],
)
def test_who_may_write(client, headers, status):
    answer = client.post("/tasks", {"description": "x"}, **headers)
    assert answer.status_code == status
    assert client.get("/tasks").json["total"] == (status == 201)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_every_write_is_refused_before_its_body_is_looked_at(client, method):
    client.put("/tasks/a", {"description": "x"})
    answer = client.simulate_request(
        method,
        "/tasks/a",
        body=b"<nonsense",
        headers={"Origin": OTHER, "Content-Type": "image/png"},
    )
    assert (answer.status_code, answer.json["type"]) == (403, "/problems/forbidden")
    assert client.get("/tasks/a").json["description"] == "x"


def test_reading_is_for_everyone(client):
    elsewhere = {"origin": OTHER, "sec_fetch_site": "cross-site"}
    assert client.get("/books", **elsewhere).status_code == 200
    assert client.simulate_options("/books", headers=elsewhere).status_code == 204

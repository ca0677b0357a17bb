"""What is particular about users."""


def test_a_role_is_reader_unless_another_is_given(client):
    made = client.post("/users", {"name": "ada", "email": "ada@example.org"})
    assert made.json["role"] == "reader"
    assert client.patch("/users/1", {"role": "admin"}).json["role"] == "admin"
    wrong = client.patch("/users/1", {"role": "root"})
    assert wrong.json["errors"][0]["pointer"] == "/role"


def test_a_name_is_unique(client):
    body = {"name": "ada", "email": "ada@example.org"}
    assert client.post("/users", body).status_code == 201
    answer = client.post("/users", body)
    assert (answer.status_code, answer.json["errors"][0]["pointer"]) == (409, "/name")

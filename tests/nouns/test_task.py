"""What is particular about tasks."""


def test_put_keeps_a_description_that_is_left_out(client):
    client.post("/tasks/task1", {"description": "Learn REST APIs"})
    answer = client.put("/tasks/task1", {"complete": True})
    assert answer.json["description"] == "Learn REST APIs"
    assert answer.json["complete"] is True


def test_a_new_task_needs_a_description(client):
    for answer in (client.put("/tasks/a", {}), client.post("/tasks/a", {})):
        assert answer.status_code == 400
        assert answer.json["errors"][0]["pointer"] == "/description"


def test_an_id_may_be_left_to_the_server(client):
    made = client.post("/tasks", {"description": "x"})
    assert made.headers["location"] == f"/tasks/{made.json['id']}"


def test_an_id_may_be_chosen_in_the_body(client):
    made = client.post("/tasks", {"id": "mine", "description": "x"})
    assert made.headers["location"] == "/tasks/mine"
    assert client.post("/tasks", {"id": "mine", "description": "y"}).status_code == 409


def test_tasks_can_be_filtered_by_what_is_done(client):
    client.put("/tasks/a", {"description": "x", "complete": True})
    client.put("/tasks/b", {"description": "y"})
    done = client.get("/tasks?complete=true").json
    assert [each["id"] for each in done["_embedded"]["item"]] == ["a"]
    assert client.get("/tasks?complete=yes").status_code == 400

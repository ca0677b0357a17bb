"""Each answer that the description tells can be met, at each of its operations."""

import pytest
from falcon.testing import TestClient

from api.app import create_app
from tests.recorder import Recorder, recorder
from tests.traffic import Traffic, nowhere

PATHS = recorder().description["paths"]
FAILING = "default"
"""What stands for the failures of a server, whatever it is asked."""


def documented(description, path):
    return {
        (path, method, status)
        for method, operation in description["paths"][path].items()
        for status in operation["responses"]
        if status != FAILING
    }


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_of_a_path_can_be_met(client, path):
    description = recorder().description
    traffic, wanted = Traffic(client, description), documented(description, path)
    for _, method, status in sorted(wanted):
        traffic.provoke(path, method, status)
    assert wanted - traffic.recorder.met == set()


def test_every_change_can_meet_that_it_must_be_conditional(strict_client, client):
    description = recorder(is_strict=True).description
    traffic = Traffic(strict_client, description, maker=client)
    wanted = {
        each
        for path in PATHS
        for each in documented(description, path)
        - documented(recorder().description, path)
    }
    assert {status for _, _, status in wanted} == {"428"}
    for path, method, status in sorted(wanted):
        traffic.provoke(path, method, status)
    assert wanted - traffic.recorder.met == set()


class Broken(Exception):
    """What nobody expects."""


def test_every_operation_can_meet_a_failure_of_the_server(settings):
    async def break_down(_req):
        raise Broken

    client = TestClient(create_app(settings, authenticate=break_down))
    own = Recorder(recorder().description)
    for path, item in PATHS.items():
        for method in item:
            answer = client.simulate_request(
                method.upper(), nowhere(path), host="localhost"
            )
            assert answer.status_code == 500
            own.check(method.upper(), nowhere(path), answer)
    assert len(own.met) == sum(map(len, PATHS.values()))

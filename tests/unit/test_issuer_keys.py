"""The keys of an issuer: which are used, and how they are kept up to date."""

import asyncio
import os
import threading

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed448, rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from api.authentication.issuer_keys import (
    ALGORITHMS,
    LARGEST_JWKS,
    PACE_OF_URL,
    IssuerKeys,
    JwksUrl,
    keys_in,
)
from api.authentication.jwt_tokens import JwtVerifier
from api.errors import InvalidToken, Unavailable
from api.roles import Caller
from tests.unit.issuing import (
    ABSENT,
    ANY_JSON,
    Issuer,
    caller_of,
    claims_of,
    header_of,
    jwk_of,
    jwks,
    one_of_each,
    outcome_of,
    private_key,
    public_jwk,
    refusal,
    settings_of,
    signed,
    token,
    verifier_at,
)

MINUTES = 60


class Clock:
    """A clock that goes on only when it is told to."""

    def __init__(self):
        self.now = 1_000.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def issuer(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    running = Issuer()
    yield running
    running.stop()


async def takes(verifier, number, algorithm="ES256"):
    """Whether tokens by the key with that number are taken."""
    return isinstance(await outcome_of(verifier, token(algorithm, number)), Caller)


async def fault(verifier):
    with pytest.raises(Unavailable) as caught:
        await verifier.caller_of(token())
    return caught.value


def collected(generator):
    """What an asynchronous generator gives on an event loop of its own."""

    async def run():
        return [each async for each in generator]

    return asyncio.run(run())


async def until(event):
    """Wait in a thread, so that the loop goes on."""
    assert await asyncio.to_thread(event.wait, 5)


async def settled():
    """Wait until what was begun in the background is done."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    await asyncio.wait_for(asyncio.gather(*others), 5)


def weak_key():
    return rsa.generate_private_key(65537, 1024)  # noqa: S505 - to be refused


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({}, id="as issuers do"),
        pytest.param({"use": ABSENT}, id="without use"),
        pytest.param({"alg": ABSENT}, id="without algorithm"),
        pytest.param({"x5t": "x", "exp": 1}, id="with other members"),
    ],
)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_is_used(algorithm, members):
    assert caller_of(token(algorithm), jwks(public_jwk(algorithm, **members)))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(
    "members",
    [
        pytest.param({"use": "enc"}, id="for encryption"),
        pytest.param({"use": ["sig"]}, id="use that is a list"),
        pytest.param({"alg": "HS256"}, id="for secrets"),
        pytest.param({"alg": "RS512"}, id="for another algorithm"),
        pytest.param({"alg": ["RS256"]}, id="algorithm that is a list"),
        pytest.param({"kty": "oct"}, id="secret"),
        pytest.param({"kty": "AKP"}, id="unknown type"),
        pytest.param({"kty": ABSENT}, id="no type"),
        pytest.param({"kty": {}}, id="type that is an object"),
        pytest.param({"crv": "X25519"}, id="unknown curve"),
        pytest.param({"crv": []}, id="curve that is a list"),
        pytest.param({"x": ABSENT, "n": ABSENT}, id="incomplete"),
        pytest.param({"x": "AAAA", "n": "AAAA"}, id="of wrong size"),
        pytest.param({"x": 5, "n": 5}, id="of numbers"),
        pytest.param({"x": "é", "n": "é"}, id="not in base64"),
        pytest.param({"kid": [5]}, id="name that is a list"),
    ],
)
def test_a_key_that_can_t_be_used_is_skipped_and_spoils_no_other(algorithm, members):
    other = "ES256" if algorithm != "ES256" else "RS256"
    document = jwks(public_jwk(algorithm, **members), 5, None, {}, public_jwk(other))
    assert refusal(token(algorithm), document)
    assert caller_of(token(other), document)


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        pytest.param(weak_key, "RS256", id="RSA of 1024 bits"),
        pytest.param(
            lambda: ec.generate_private_key(ec.SECP384R1()), "ES384", id="P-384"
        ),
        pytest.param(
            lambda: ec.generate_private_key(ec.SECP256K1()), "ES256K", id="secp256k1"
        ),
        pytest.param(ed448.Ed448PrivateKey.generate, "EdDSA", id="Ed448"),
    ],
)
def test_a_key_that_is_weak_or_of_another_curve_is_refused(key, algorithm):
    key = key()
    document = jwks(jwk_of(key.public_key(), algorithm, kid="k"))
    assert keys_in(document) == ()
    header = header_of(algorithm, kid="k")
    assert refusal(signed(header, claims_of(), key, algorithm), document)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_private_key_that_was_published_proves_nothing(algorithm):
    private = jwk_of(private_key(algorithm), algorithm, kid=f"{algorithm}.0")
    assert refusal(token(algorithm), jwks(private))


def test_a_token_may_leave_out_the_key_s_name_if_one_alone_fits():
    text = token(header={"kid": ABSENT})
    assert caller_of(text, jwks(public_jwk(), public_jwk("RS256")))
    assert caller_of(text, jwks(public_jwk(kid=ABSENT)))
    assert refusal(text, jwks(public_jwk(), public_jwk(number=1)))
    assert refusal(text, jwks(public_jwk("RS256")))


def test_a_name_of_two_keys_fits_by_the_algorithm_or_not_at_all():
    text = token(header={"kid": "k"})
    mine = public_jwk(kid="k")
    assert caller_of(text, jwks(mine, public_jwk("RS256", kid="k")))
    assert refusal(text, jwks(mine, public_jwk(number=1, kid="k")))


@settings(deadline=None)
@given(
    st.sampled_from(["RS256", "ES256", "EdDSA"]),
    st.sampled_from(["kty", "crv", "alg", "use", "kid", "x", "y", "n", "e", "d"]),
    ANY_JSON,
)
def test_whatever_stands_in_a_key_spoils_no_other(algorithm, name, value):
    broken = public_jwk(algorithm, **{name: value})
    assert keys_in(jwks(broken, public_jwk()))[-1].key_id == "ES256.0"


NO_JWKS = [
    pytest.param(b"", id="empty"),
    pytest.param(b"<html>", id="HTML"),
    pytest.param(b"\xff\xfe\xfd", id="no UTF-8"),
    pytest.param(b"[]", id="list"),
    pytest.param(b"null", id="null"),
    pytest.param(b"{}", id="without keys"),
    pytest.param(b'{"keys": {}}', id="keys that are an object"),
    pytest.param(b'{"keys": "abc"}', id="keys that are a text"),
    pytest.param(b"[" * 100_000, id="deep"),
    pytest.param(b'{"keys": []}' + b" " * LARGEST_JWKS, id="too large"),
]


def test_a_document_of_keys_may_have_one_mebibyte():
    document = one_of_each()
    assert len(keys_in(document + b" " * (LARGEST_JWKS - len(document)))) == 3


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "jwks.json"
    path.write_bytes(jwks(public_jwk()))
    return path


def rewrite(path, document, age):
    path.write_bytes(document)
    os.utime(path, ns=(age, age))


def test_a_file_that_changes_is_read_again_within_seconds(file, clock):
    async def run():
        verifier = verifier_at(file, clock)
        await verifier.warm()
        rewrite(file, jwks(public_jwk(number=1)), age=1)
        yield await takes(verifier, 0), await takes(verifier, 1)
        clock.now += 4.9
        yield await takes(verifier, 0), await takes(verifier, 1)
        clock.now += 0.2
        yield await takes(verifier, 0), await takes(verifier, 1)

    assert collected(run()) == [(True, False), (True, False), (False, True)]


def test_a_file_that_did_not_change_is_not_read_again(file, clock):
    async def run():
        verifier = verifier_at(file, clock)
        rewrite(file, jwks(public_jwk(number=0)), age=1)
        yield await takes(verifier, 0)
        same_size = file.read_bytes().replace(b"ES256.0", b"ES256.1")
        rewrite(file, same_size, age=1)
        clock.now += 6
        yield await takes(verifier, 0)
        rewrite(file, same_size, age=2)
        clock.now += 6
        yield await takes(verifier, 0)

    assert collected(run()) == [True, True, False]


@pytest.mark.parametrize("document", NO_JWKS)
def test_while_a_file_is_broken_its_old_keys_are_used(file, clock, document, caplog):
    async def run():
        verifier = verifier_at(file, clock)
        yield await takes(verifier, 0)
        rewrite(file, document, age=1)
        clock.now += 6
        yield await takes(verifier, 0)
        rewrite(file, jwks(public_jwk(number=1)), age=1)
        clock.now += 6
        yield await takes(verifier, 1)

    assert collected(run()) == [True, True, True]
    assert caplog.text.count("the keys of the issuer can't be read") == 1


def test_a_broken_file_is_read_again_though_it_looks_the_same(file, clock):
    async def run():
        document = file.read_bytes()
        rewrite(file, document.replace(b"{", b"["), age=1)
        verifier = verifier_at(file, clock)
        await fault(verifier)
        rewrite(file, document, age=1)
        clock.now += 6
        yield await takes(verifier, 0)

    assert collected(run()) == [True]


def test_keys_that_were_all_withdrawn_are_not_used(file, clock, caplog):
    async def run():
        verifier = verifier_at(file, clock)
        yield await takes(verifier, 0), caplog.text
        file.write_bytes(jwks())
        clock.now += 6
        yield await takes(verifier, 0)

    assert collected(run()) == [(True, ""), False]
    assert "no keys that can be used" in caplog.text


def test_a_file_that_is_missing_makes_the_server_unavailable(tmp_path, clock):
    async def run():
        verifier = verifier_at(tmp_path / "jwks.json", clock)
        yield (await fault(verifier)).headers
        yield isinstance(await outcome_of(verifier, "a.b.c"), InvalidToken)
        (tmp_path / "jwks.json").write_bytes(one_of_each())
        clock.now += 6
        yield await takes(verifier, 0)

    assert collected(run()) == [{"Retry-After": "5"}, True, True]


def test_keys_are_fetched_once_for_many_tokens(issuer, clock):
    async def run():
        verifier = verifier_at(issuer.url, clock)
        for _ in range(5):
            yield await takes(verifier, 0)

    assert collected(run()) == [True] * 5
    assert (issuer.asked, issuer.agents) == (1, {"waymark"})


def test_keys_can_be_fetched_before_anyone_asks(issuer, clock):
    async def run():
        verifier = verifier_at(issuer.url, clock)
        await verifier.warm()
        yield issuer.asked
        issuer.stop()
        yield await takes(verifier, 0)
        issuer.restart()

    assert collected(run()) == [1, True]


def test_requests_at_once_share_one_fetch(issuer):
    async def run():
        issuer.gate.clear()
        verifier = verifier_at(issuer.url)
        requests = [asyncio.create_task(takes(verifier, 0)) for _ in range(20)]
        await until(issuer.is_asked)
        issuer.gate.set()
        yield all(await asyncio.gather(*requests))

    assert collected(run()) == [True]
    assert issuer.asked == 1


def test_a_request_that_is_given_up_does_not_end_the_fetch_of_others(issuer):
    async def run():
        issuer.gate.clear()
        verifier = verifier_at(issuer.url)
        first = asyncio.create_task(takes(verifier, 0))
        second = asyncio.create_task(takes(verifier, 0))
        await until(issuer.is_asked)
        first.cancel()
        issuer.gate.set()
        yield await second

    assert collected(run()) == [True]
    assert issuer.asked == 1


def test_old_keys_are_renewed_while_requests_go_on(issuer, clock):
    async def run():
        verifier = verifier_at(issuer.url, clock)
        await verifier.warm()
        issuer.document = jwks(public_jwk(number=1))
        clock.now += 5 * MINUTES
        yield await takes(verifier, 0)
        await settled()
        yield issuer.asked
        issuer.gate.clear()
        clock.now += 1
        # The issuer does not answer, and nobody waits for it.
        async with asyncio.timeout(2):
            yield await takes(verifier, 0), await takes(verifier, 0)
        issuer.gate.set()
        await settled()
        yield await takes(verifier, 0), await takes(verifier, 1)

    assert collected(run()) == [True, 1, (True, True), (False, True)]
    assert issuer.asked == 2


def test_who_asks_first_after_a_long_time_waits_for_new_keys(issuer, clock):
    async def run():
        verifier = verifier_at(issuer.url, clock)
        await verifier.warm()
        issuer.document = jwks(public_jwk(number=1))
        clock.now += 10 * MINUTES + 1
        yield await takes(verifier, 0)

    assert collected(run()) == [False]
    assert issuer.asked == 2


def test_an_unknown_key_makes_a_fetch_but_not_a_second_one_soon(issuer, clock):
    async def run():
        verifier = verifier_at(issuer.url, clock)
        await verifier.warm()
        issuer.document = jwks(public_jwk(), public_jwk(number=1))
        clock.now += 9.9
        yield await takes(verifier, 1), issuer.asked
        clock.now += 0.1
        yield await takes(verifier, 1), issuer.asked
        for number in range(2, 9):
            clock.now += 1
            yield await takes(verifier, number), issuer.asked
        clock.now += 3
        yield await takes(verifier, 2), issuer.asked

    assert collected(run()) == [(False, 1), (True, 2), *[(False, 2)] * 7, (False, 3)]


def test_unknown_keys_at_once_make_one_fetch(issuer, clock):
    async def run():
        verifier = verifier_at(issuer.url, clock)
        await verifier.warm()
        clock.now += 10
        yield await asyncio.gather(*(takes(verifier, 1) for _ in range(20)))

    assert collected(run()) == [[False] * 20]
    assert issuer.asked == 2


def test_who_waits_for_a_key_holds_up_nobody_else(issuer, clock):
    async def run():
        verifier = verifier_at(issuer.url, clock)
        await verifier.warm()
        issuer.is_asked.clear()
        issuer.gate.clear()
        issuer.document = jwks(public_jwk(), public_jwk(number=1))
        clock.now += 10
        waiting = asyncio.create_task(takes(verifier, 1))
        await until(issuer.is_asked)
        yield await takes(verifier, 0), waiting.done()
        issuer.gate.set()
        yield await waiting

    assert collected(run()) == [(True, False), True]


def test_while_the_issuer_is_down_its_old_keys_are_used(issuer, clock, caplog):
    async def run():
        verifier = verifier_at(issuer.url, clock)
        await verifier.warm()
        issuer.stop()
        for wait in (6 * MINUTES, 11 * MINUTES, 24 * 60 * MINUTES):
            clock.now += wait
            yield await takes(verifier, 0)
            await settled()
        issuer.document = jwks(public_jwk(number=1))
        issuer.restart()
        clock.now += 11
        yield await takes(verifier, 1)

    assert collected(run()) == [True] * 4
    assert caplog.text.count("can't be read: <urlopen error") == 3


@pytest.mark.parametrize("document", NO_JWKS)
def test_garbage_of_the_issuer_changes_nothing(issuer, clock, document):
    async def run():
        verifier = verifier_at(issuer.url, clock)
        await verifier.warm()
        issuer.document = document
        clock.now += 11 * MINUTES
        yield await takes(verifier, 0)

    assert collected(run()) == [True]
    assert issuer.asked == 2


def test_without_any_keys_the_server_is_unavailable_and_asks_seldom(issuer, clock):
    issuer.status = 503

    async def run():
        verifier = verifier_at(issuer.url, clock)
        for wait in (0, 6.5, 3, 0.5):
            clock.now += wait
            error = await fault(verifier)
            yield error.headers["Retry-After"], issuer.asked
        yield isinstance(await outcome_of(verifier, "a.b.c"), InvalidToken)
        issuer.status = 200
        clock.now += 10
        yield await takes(verifier, 0)

    told = [("10", 1), ("4", 1), ("1", 1), ("10", 2)]
    assert collected(run()) == [*told, True, True]


@pytest.mark.parametrize("status", [400, 404, 500])
def test_an_answer_that_is_no_success_is_none(issuer, status, caplog):
    issuer.status = status
    asyncio.run(fault(verifier_at(issuer.url)))
    assert f"HTTP Error {status}" in caplog.text


def test_an_issuer_that_is_slow_to_answer_is_given_up(issuer, caplog):
    issuer.gate.clear()
    asyncio.run(fault(verifier_at(issuer.url, timeout=0.1)))
    assert "timed out" in caplog.text


def test_an_issuer_that_answers_by_drops_is_given_up(issuer, caplog):
    issuer.drip = 0.03
    asyncio.run(fault(verifier_at(issuer.url, timeout=0.1)))
    assert "it came too slowly" in caplog.text


def test_nobody_waits_longer_than_their_patience(clock):
    gate = threading.Event()

    def load():
        clock.now += 60
        gate.wait(5)
        return keys_in(one_of_each())

    async def run():
        pace = PACE_OF_URL._replace(patience=0.05)
        verifier = JwtVerifier(settings_of(), IssuerKeys(load, pace, clock))
        yield (await fault(verifier)).headers["Retry-After"]
        gate.set()
        await settled()
        yield await takes(verifier, 0)

    assert collected(run()) == ["1", True]


def test_redirects_are_followed(issuer):
    issuer.location = "/elsewhere"
    assert len(JwksUrl(issuer.url, 5).load()) == 1
    assert issuer.asked == 2


@pytest.mark.parametrize("scheme", ["https", "ftp", "file", "data"])
def test_redirects_to_another_scheme_are_not(issuer, scheme, caplog):
    issuer.location = issuer.url.replace("http", scheme)
    asyncio.run(fault(verifier_at(issuer.url)))
    assert issuer.asked == 1
    assert "HTTP Error 302" in caplog.text


def test_a_password_in_the_url_is_not_told(caplog):
    asyncio.run(fault(verifier_at("http://user:secret@127.0.0.1/jwks")))
    assert "can't be read: InvalidURL" in caplog.text
    assert "secret" not in caplog.text


def test_what_was_begun_on_a_loop_that_ended_holds_up_no_other(issuer, clock):
    verifier = verifier_at(issuer.url, clock)
    issuer.gate.clear()

    async def give_up():
        request = asyncio.create_task(takes(verifier, 0))
        await until(issuer.is_asked)
        request.cancel()
        issuer.gate.set()

    asyncio.run(give_up())
    clock.now += 10
    assert asyncio.run(takes(verifier, 0))

"""Tokens of an issuer: what is taken, and what is refused."""

import asyncio
import logging
import time
from itertools import product

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st

from api.authentication.issuer_keys import ALGORITHMS
from api.authentication.jwt_tokens import LARGEST_TOKEN
from api.errors import InvalidToken
from api.roles import Caller, Role
from tests.unit.issuing import (
    ABSENT,
    ANY_JSON,
    AUDIENCE,
    ISSUER,
    Issuer,
    caller_of,
    claims_of,
    header_of,
    in_seconds,
    jwks,
    one_of_each,
    outcome_of,
    part,
    private_key,
    public_jwk,
    refusal,
    signed,
    token,
    verifier_at,
    verifier_of,
)


@pytest.fixture
def issuer(monkeypatch):
    monkeypatch.setenv("no_proxy", "*")
    running = Issuer()
    yield running
    running.stop()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_token_names_its_bearer_by_each_algorithm(algorithm):
    assert caller_of(token(algorithm)) == Caller(Role.EDITOR, "alice", None)


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("at+jwt", "at+jwt"),
        ("at+jwt", "AT+JWT"),
        ("at+jwt", "application/at+jwt"),
        ("at+jwt", "Application/At+Jwt"),
        ("application/at+jwt", "at+jwt"),
        ("JWT", "jwt"),
    ],
)
def test_a_token_is_of_the_type_that_is_wanted(setting, kind):
    assert caller_of(token(header={"typ": kind}), jwt_type=setting).name == "alice"


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"typ": ABSENT}, id="no type"),
        pytest.param({"typ": "JWT"}, id="type of an ID token"),
        pytest.param({"typ": "text/at+jwt"}, id="type of a text"),
        pytest.param({"typ": ["at+jwt"]}, id="type that is a list"),
        pytest.param({"crit": ["exp"]}, id="crit"),
        pytest.param({"crit": ["b64"], "b64": True}, id="crit that PyJWT knows"),
        pytest.param({"crit": []}, id="crit without any"),
        pytest.param({"crit": None}, id="crit of null"),
        pytest.param({"b64": False}, id="detached"),
        pytest.param({"kid": 5}, id="kid that is a number"),
        pytest.param({"kid": None}, id="kid of null"),
        pytest.param({"kid": "RS256.0"}, id="kid of a key of another type"),
        pytest.param({"kid": "es256.0"}, id="kid in other letters"),
        pytest.param({"alg": ABSENT}, id="no algorithm"),
        pytest.param({"alg": ["ES256"]}, id="algorithm that is a list"),
        pytest.param({"alg": {"name": "ES256"}}, id="algorithm that is an object"),
        pytest.param({"alg": "es256"}, id="algorithm in other letters"),
        pytest.param({"alg": "RS256"}, id="algorithm of another key"),
        pytest.param({"alg": "EdDSA", "kid": "EdDSA.0"}, id="another key"),
    ],
)
def test_a_header_that_breaks_a_rule_is_refused(header):
    assert refusal(token(header=header)).detail == "The token is not valid."


@pytest.mark.parametrize(
    ("algorithm", "kid"),
    [
        ("RS384", "RS256.0"),
        ("RS512", "RS256.0"),
        ("PS256", "RS256.0"),
        ("ES384", "ES256.0"),
    ],
)
def test_other_algorithms_are_refused_even_with_our_keys(algorithm, kid):
    key = private_key(kid.partition(".")[0])
    text = signed(header_of(algorithm, kid=kid), claims_of(), key, algorithm)
    assert refusal(text)


@pytest.mark.parametrize("algorithm", ["none", "None", ""])
def test_without_a_signature_nothing_is_believed(algorithm):
    message = part(header_of(algorithm, kid="ES256.0")) + b"." + part(claims_of())
    assert refusal(message.decode() + ".")
    assert refusal(message.decode())


@pytest.mark.parametrize("algorithm", ["RS256", "ES256"])
@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
def test_a_public_key_is_no_secret_of_an_hmac(algorithm, encoding):
    public = private_key(algorithm).public_key()
    secret = public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    header = header_of("HS256", kid=f"{algorithm}.0")
    assert refusal(signed(header, claims_of(), secret, "HS256"))


def test_a_secret_that_the_issuer_publishes_is_not_used():
    secret = b"0123456789abcdef" * 4
    shared = {"kty": "oct", "k": part(secret).decode(), "kid": "HS256.0"}
    text = signed(header_of("HS256"), claims_of(), secret, "HS256")
    assert refusal(text, jwks(shared, public_jwk()))


@pytest.mark.parametrize("name", ["jwk", "jku", "x5u", "x5c"])
def test_a_key_in_the_token_itself_is_not_used(name, issuer):
    with_own = {
        "jwk": public_jwk(number=1),
        "jku": issuer.url,
        "x5u": issuer.url,
        "x5c": ["MAA="],
    }
    issuer.document = jwks(public_jwk(number=1))
    assert refusal(token(number=1, header={name: with_own[name]}))
    assert refusal(token(number=1, header={name: with_own[name], "kid": "ES256.0"}))
    assert issuer.asked == 0


ADMITTED = [
    pytest.param({"aud": AUDIENCE}, id="audience"),
    pytest.param(
        {"aud": ["https://other.example", AUDIENCE]}, id="one of the audience"
    ),
    pytest.param({"exp": -20}, id="just over"),
    pytest.param({"exp": 0.5}, id="fraction of a second"),
    pytest.param({"nbf": 20}, id="beginning in a moment"),
    pytest.param({"nbf": -60}, id="begun"),
    pytest.param({"iat": 20}, id="issued in a moment"),
    pytest.param({"iat": -60}, id="issued"),
    pytest.param({"sub": "a"}, id="shortest name"),
    pytest.param({"sub": "ž" * 200}, id="longest name"),
    pytest.param({"sub": "Žofie Nováková"}, id="name with a space"),
    pytest.param({"scope": "openid", "jti": "1"}, id="other claims"),
]
REFUSED = [
    pytest.param({"iss": ABSENT}, id="no issuer"),
    pytest.param({"iss": ISSUER + "/"}, id="nearly the issuer"),
    pytest.param({"iss": ISSUER.upper()}, id="issuer in other letters"),
    pytest.param({"iss": [ISSUER]}, id="issuers"),
    pytest.param({"aud": ABSENT}, id="no audience"),
    pytest.param({"aud": "https://other.example"}, id="another audience"),
    pytest.param({"aud": AUDIENCE + "/x"}, id="longer audience"),
    pytest.param({"aud": []}, id="empty audience"),
    pytest.param({"aud": ["https://other.example"]}, id="others"),
    pytest.param({"aud": [AUDIENCE, 5]}, id="audience with a number"),
    pytest.param({"aud": {AUDIENCE: 1}}, id="audience that is an object"),
    pytest.param({"exp": ABSENT}, id="no end"),
    pytest.param({"exp": None}, id="end of null"),
    pytest.param({"exp": "99999999999"}, id="end as a text"),
    pytest.param({"exp": float("inf")}, id="end of infinity"),
    pytest.param({"exp": float("nan")}, id="end of no number"),
    pytest.param({"exp": [1]}, id="end that is a list"),
    pytest.param({"nbf": 40}, id="not begun"),
    pytest.param({"nbf": None}, id="beginning of null"),
    pytest.param({"nbf": "5"}, id="beginning as a text"),
    pytest.param({"nbf": True}, id="beginning of true"),
    pytest.param({"iat": 40}, id="not issued yet"),
    pytest.param({"iat": "5"}, id="issued as a text"),
    pytest.param({"iat": False}, id="issued of false"),
    pytest.param({"sub": ABSENT}, id="no name"),
    pytest.param({"sub": None}, id="name of null"),
    pytest.param({"sub": ""}, id="empty name"),
    pytest.param({"sub": "a" * 201}, id="name too long"),
    pytest.param({"sub": "a\nb"}, id="name of two lines"),
    pytest.param({"sub": "a\x00"}, id="name with a NUL"),
    pytest.param({"sub": "\ud800"}, id="name with a lone surrogate"),
    pytest.param({"sub": 5}, id="name that is a number"),
    pytest.param({"jti": 5}, id="id that is a number"),
]


def timely(claims):
    """The claims, in which seconds from now become times."""
    return {
        name: time.time() + value
        if name in {"exp", "nbf", "iat"} and type(value) in {int, float}
        else value
        for name, value in claims.items()
    }


@pytest.mark.parametrize("claims", ADMITTED)
def test_a_token_that_keeps_the_rules_is_taken(claims):
    assert caller_of(token(**timely(claims))).role is Role.EDITOR


@pytest.mark.parametrize("claims", REFUSED)
def test_a_token_that_breaks_a_rule_is_refused(claims):
    assert refusal(token(**timely(claims))).detail == "The token is not valid."


def test_of_a_token_that_is_over_that_is_told():
    error = refusal(token(exp=in_seconds(-40)))
    assert error.detail == "The token has expired."
    assert 'error="invalid_token"' in error.headers["WWW-Authenticate"]


@pytest.mark.parametrize(
    ("told", "role"),
    [
        ("reader", Role.READER),
        ("editor", Role.EDITOR),
        ("admin", Role.ADMIN),
        (["editor"], Role.EDITOR),
        (["admin", "reader"], Role.ADMIN),
        (["reader", "editor", "offline_access"], Role.EDITOR),
        (["visitor", "reader"], Role.READER),
    ],
)
def test_the_highest_role_that_we_know_counts(told, role):
    assert caller_of(token(role=told)).role is role


@pytest.mark.parametrize(
    "told",
    [
        *(ABSENT, None, "", "ADMIN", "owner", "stranger", "visitor", "reader editor"),
        *(5, True, [], ["owner"], ["visitor"], ["admin", 5], [["admin"]]),
        {"admin": True},
    ],
)
def test_without_a_role_that_we_know_a_token_is_refused(told):
    assert refusal(token(role=told))


@pytest.mark.parametrize("customer", [1, 2**63 - 1])
def test_a_token_may_stand_for_one_customer(customer):
    assert caller_of(token(customer=customer)).customer == customer


@pytest.mark.parametrize(
    "customer", [0, -1, True, False, None, "7", 7.0, 1e300, [7], {}, 2**63]
)
def test_a_customer_that_is_none_never_makes_a_token_unbound(customer):
    assert refusal(token(customer=customer))


def test_the_settings_name_the_claims():
    claim = "https://shop.example/role"
    text = token(role="admin", customer=1, **{claim: "reader", "cust": 2})
    found = caller_of(text, jwt_role_claim=claim, jwt_customer_claim="cust")
    assert found == Caller(Role.READER, "alice", 2)


def token_of_length(length):
    least = (length - len(token(header={"x": ""}, y=""))) * 3 // 4 - 4
    for in_header, in_claims in product(range(4), range(least, least + 8)):
        text = token(header={"x": "x" * in_header}, y="y" * in_claims)
        if len(text) == length:
            return text
    raise AssertionError("no token has that length")


def test_a_token_may_have_eight_kibibytes_and_no_more():
    assert caller_of(token_of_length(LARGEST_TOKEN)).name == "alice"
    assert refusal(token_of_length(LARGEST_TOKEN + 1))


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "....", "a.b", "a.b.c", "é.é.é", "\ud800", "\x00..", " "),
        pytest.param("x" * 100_000, id="long"),
        pytest.param(".".join(["e30"] * 3), id="empty objects"),
        pytest.param(".".join(["e30"] * 5), id="encrypted"),
        pytest.param((part(b"[" * 5000) + b".e30.e30").decode(), id="deep header"),
        pytest.param((part(["alg"]) + b".e30.e30").decode(), id="header of a list"),
        pytest.param((part(b"9" * 5000) + b".e30.e30").decode(), id="huge number"),
    ],
)
def test_garbage_is_refused(text):
    assert refusal(text).detail == "The token is not valid."


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a.b.c", id="garbage"),
        pytest.param("e30", id="empty header"),
        pytest.param(part(header_of("HS256")).decode() + "..", id="algorithm"),
        pytest.param(part(header_of(typ="JWT")).decode() + "..", id="type"),
        pytest.param(part(header_of(crit=["x"])).decode() + "..", id="crit"),
        pytest.param(part(header_of()).decode() + "." * 8192, id="length"),
    ],
)
def test_for_what_is_no_token_of_ours_no_keys_are_fetched(text, issuer):
    outcome = asyncio.run(outcome_of(verifier_at(issuer.url), text))
    assert isinstance(outcome, InvalidToken)
    assert issuer.asked == 0


@pytest.mark.parametrize(
    "claims", [b"", b"[]", b"5", b"\xff", b"[" * 5000, b'{"exp":' + b"9" * 5000 + b"}"]
)
def test_claims_that_are_none_are_refused_though_signed(claims):
    assert refusal(signed(header_of(), claims, private_key("ES256"), "ES256"))


def test_a_signature_by_another_key_is_refused():
    header = header_of(kid="ES256.0")
    assert refusal(signed(header, claims_of(), private_key("ES256", 1), "ES256"))


def test_a_refusal_tells_nothing_of_the_token_to_anyone(caplog):
    caplog.set_level(logging.DEBUG)
    text = token(sub="Alice\n", customer=77)
    error = refusal(text)
    assert error.__suppress_context__ or error.__context__ is None
    told = caplog.text + str(error) + str(error.headers)
    assert "a token was refused: sub" in told
    assert not any(each in told for each in (*text.split("."), "Alice", "77", "ES256"))


def test_a_token_that_is_over_leaves_no_trace_of_the_library_s_error():
    assert refusal(token(exp=1)).__suppress_context__
    assert refusal(token(aud="x")).__suppress_context__
    assert refusal("a.b.c").__suppress_context__


@pytest.fixture(scope="module")
def ask():
    """The outcome of a token on one event loop: a caller, or InvalidToken."""
    verifier = verifier_of(one_of_each())
    with asyncio.Runner() as runner:
        yield lambda text: runner.run(outcome_of(verifier, text))


BASE64 = "ABCXYZabcxyz019-_"
SEGMENTS = st.text(BASE64, max_size=12) | ANY_JSON.map(lambda each: part(each).decode())


@settings(deadline=None)
@given(st.text() | st.lists(SEGMENTS, min_size=2, max_size=5).map(".".join))
def test_whatever_is_sent_gives_only_that_error(ask, text):
    assert isinstance(ask(text), InvalidToken)


@settings(deadline=None)
@given(st.data(), st.sampled_from(list(ALGORITHMS)))
def test_a_token_with_one_character_changed_is_refused(ask, data, algorithm):
    text = token(algorithm)
    place = data.draw(st.integers(0, len(text) - 1))
    kept = data.draw(st.integers(place, place + 1))
    change = data.draw(st.text(BASE64 + ". é", max_size=2))
    mutated = text[:place] + change + text[kept:]
    outcome = ask(mutated)
    assert (mutated == text) is isinstance(outcome, Caller)


@settings(deadline=None)
@given(
    st.sampled_from(["alg", "typ", "kid", "crit", "b64", "cty", "jwk"]),
    st.sampled_from(["iss", "aud", "sub", "exp", "nbf", "role", "customer"]),
    ANY_JSON,
    st.booleans(),
)
def test_whatever_the_issuer_signs_gives_a_caller_or_that_error(
    ask, field, claim, value, in_header
):
    header = {field: value} if in_header else {}
    claims = {} if in_header else {claim: value}
    assert isinstance(ask(token(header=header, **claims)), Caller | InvalidToken)

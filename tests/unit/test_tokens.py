"""Tokens: their form, what is kept of them, who shows one, and when it was used."""

import asyncio
import hashlib
import itertools
import re
import string
from datetime import datetime, timedelta

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from api.__main__ import main
from api.authentication.tokens import (
    Tokens,
    beginning_of,
    digest_of,
    is_well_formed,
    new_token,
)
from api.errors import InvalidToken, Unavailable
from api.models.base import now
from api.models.customer import CUSTOMER
from api.models.token import TOKENS
from api.models.user import USER
from api.roles import Caller, Role
from api.storage import rows
from api.storage.opening import storage_at
from api.storage.tokens import (
    NewToken,
    find_token,
    keep_token,
    list_tokens,
    note_use,
    revoke_token,
    role_of_user,
    state_of,
)

BODY = "Abc-defghijklmnopqrstuvwxyz_0123456789ABCDE"
TOKEN = f"waymark_{BODY}" + "1d1W4R"
PAST, FUTURE = "2020-01-01T00:00:00.000000Z", "9999-01-01T00:00:00.000000Z"
CHARACTERS = string.ascii_letters + string.digits + "_-. é\n"


def test_a_new_token_has_256_random_bits_and_is_well_formed():
    made = [new_token() for _ in range(100)]
    assert all(re.fullmatch(r"waymark_[\w-]{43}[0-4]\w{5}", each) for each in made)
    assert all(map(is_well_formed, made))
    assert len({each[:20] for each in made}) == 100


def test_a_token_made_long_ago_is_well_formed():
    assert is_well_formed(TOKEN)


def test_every_change_of_one_character_is_seen():
    for place, other in itertools.product(range(len(TOKEN)), CHARACTERS):
        changed = TOKEN[:place] + other + TOKEN[place + 1 :]
        assert is_well_formed(changed) == (changed == TOKEN), changed


def test_every_swap_of_two_characters_is_seen():
    for one, other in itertools.combinations(range(len(TOKEN)), 2):
        swapped = list(TOKEN)
        swapped[one], swapped[other] = swapped[other], swapped[one]
        assert is_well_formed("".join(swapped)) == (TOKEN[one] == TOKEN[other])


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(TOKEN[:-1], id="a character short"),
        pytest.param(TOKEN + "0", id="a character long"),
        pytest.param(TOKEN + "\n", id="a line"),
        pytest.param(TOKEN.upper(), id="upper case"),
        pytest.param(TOKEN.removeprefix("waymark_"), id="no prefix"),
        pytest.param(TOKEN.replace("A", "\udc80"), id="a lone surrogate"),
        pytest.param("x" * 1_000_000, id="very long"),
    ],
)
def test_what_is_no_token_is_not_well_formed(text):
    assert not is_well_formed(text)


def test_a_digest_is_the_sha_256_in_hexadecimal():
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest_of("abc") == known


def test_a_token_is_recognised_by_its_first_characters():
    assert beginning_of(TOKEN) == "waymark_Abc-"


def a_token(connection, token=TOKEN, user="ci", role=Role.EDITOR, expires=None):
    """The id of a token that is kept."""
    kept = NewToken(digest_of(token), beginning_of(token), user, role, expires)
    return keep_token(connection, kept)


def a_user(connection, name="ci", role=Role.READER, customer=None):
    values = {"name": name, "email": "a@b.org", "role": role, "customer": customer}
    return rows.insert(connection, USER, values)


def a_customer(connection):
    names = ("phone", "street", "city", "postal_code", "country")
    values = {"name": "Ada", "email": "ada@b.org", **dict.fromkeys(names)}
    return rows.insert(connection, CUSTOMER, values).id


def shown_by(connection, moment=None):
    """Who shows the token, or None."""
    found = find_token(connection, digest_of(TOKEN), moment or now())
    return found and found.caller


def kept_row(connection, number):
    return connection.execute(sa.select(TOKENS).where(TOKENS.c.id == number)).one()


def test_the_token_of_no_user_has_its_own_role(connection):
    a_token(connection, user="ci", role=Role.EDITOR)
    a_user(connection, "somebody else")
    assert shown_by(connection) == Caller(Role.EDITOR, "ci")
    assert role_of_user(connection, "ci") is None


@pytest.mark.parametrize(
    ("of_token", "of_user", "lesser"),
    [
        pytest.param(Role.ADMIN, Role.READER, Role.READER, id="the user's"),
        pytest.param(Role.READER, Role.ADMIN, Role.READER, id="the token's"),
        pytest.param(Role.EDITOR, Role.ADMIN, Role.EDITOR, id="not by the alphabet"),
        pytest.param(Role.EDITOR, Role.EDITOR, Role.EDITOR, id="both"),
    ],
)
def test_for_a_user_the_lesser_role_counts(connection, of_token, of_user, lesser):
    a_token(connection, role=of_token)
    a_user(connection, role=of_user)
    assert shown_by(connection) == Caller(lesser, "ci")
    assert role_of_user(connection, "ci") is of_user


def test_a_user_who_stands_for_a_customer_does_so_with_a_token(connection):
    a_token(connection)
    customer = a_customer(connection)
    a_user(connection, customer=customer)
    assert shown_by(connection) == Caller(Role.READER, "ci", customer)


def test_a_token_expires_at_its_moment(connection):
    a_token(connection, expires="2026-01-01T12:00:00.000000Z")
    assert shown_by(connection, "2026-01-01T11:59:59.999999Z")
    assert not shown_by(connection, "2026-01-01T12:00:00.000000Z")


def test_a_revoked_token_stays_revoked_as_it_was(connection):
    number = a_token(connection)
    assert revoke_token(connection, number)
    revoked = kept_row(connection, number).revoked
    assert revoke_token(connection, number)
    assert kept_row(connection, number).revoked == revoked
    assert not shown_by(connection)


def test_revoking_ends_one_token_and_no_other(connection):
    first, _, last = (a_token(connection, each) for each in ("a", TOKEN, "b"))
    assert revoke_token(connection, first)
    assert revoke_token(connection, last)
    assert not revoke_token(connection, last + 1)
    assert shown_by(connection)


def test_a_removed_user_s_tokens_are_revoked(connection):
    user = a_user(connection)
    number, other = a_token(connection), a_token(connection, "other", user="other")
    before = now()
    rows.remove(connection, USER, user, [])
    revoked = kept_row(connection, number).revoked
    # SQLite's clock has milliseconds.
    assert before[:23] <= revoked <= now()
    assert re.fullmatch(r"[0-9-]{10}T[0-9:]{8}\.[0-9]{6}Z", revoked)
    assert kept_row(connection, other).revoked is None


def test_a_new_user_of_the_name_does_not_revive_tokens(connection):
    user = a_user(connection)
    number = a_token(connection)
    revoke_token(connection, number)
    revoked = kept_row(connection, number).revoked
    rows.remove(connection, USER, user, [])
    a_user(connection)
    assert not shown_by(connection)
    assert kept_row(connection, number).revoked == revoked


def test_a_renamed_user_s_tokens_follow(connection):
    user = a_user(connection)
    a_token(connection)
    other = a_token(connection, "other", user="other")
    values = {"name": "ada", "email": "a@b.org", "role": Role.EDITOR, "customer": None}
    rows.replace(connection, USER, user, values)
    assert shown_by(connection) == Caller(Role.EDITOR, "ada")
    assert kept_row(connection, other).user == "other"


def test_tokens_are_listed_in_the_order_in_which_they_were_made(connection):
    made = [a_token(connection, token) for token in ("a", "b")]
    assert [each.id for each in list_tokens(connection)] == made


@pytest.mark.parametrize(
    ("expires", "is_revoked", "state"),
    [
        pytest.param(None, False, "valid", id="without an end"),
        pytest.param(FUTURE, False, "valid", id="not yet expired"),
        pytest.param(PAST, False, "expired", id="expired"),
        pytest.param(PAST, True, "revoked", id="both"),
    ],
)
def test_a_token_s_state_is_told(connection, expires, is_revoked, state):
    number = a_token(connection, expires=expires)
    if is_revoked:
        revoke_token(connection, number)
    assert state_of(kept_row(connection, number), now()) == state
    assert bool(shown_by(connection)) == (state == "valid")


class Counting:
    """Storage that counts its writes."""

    writes = 0

    def __init__(self, storage):
        self.read, self._write = storage.read, storage.write

    async def write(self, function, *args, **kwargs):
        self.writes += 1
        return await self._write(function, *args, **kwargs)


@pytest.fixture
def storage(url):
    opened = storage_at(url)
    yield Counting(opened)
    opened.close()


def kept_in(storage, used=None, **particulars):
    """The id of a token that is stored."""

    def keep(connection):
        number = a_token(connection, **particulars)
        if used is not None:
            note_use(connection, number, used)
        return number

    number = asyncio.run(storage.write(keep))
    storage.writes = 0
    return number


async def settle():
    """Wait for all that is done in the background."""
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})


async def show(tokens, *, times=1):
    """Who shows the token, after all that is done in the background."""
    callers = [await tokens.caller_of(TOKEN) for _ in range(times)]
    await settle()
    assert len(set(callers)) == 1
    return callers[0]


def used(storage, number):
    return asyncio.run(storage.read(kept_row, number)).used


def test_who_shows_a_token_is_known(storage):
    kept_in(storage)
    assert asyncio.run(show(Tokens(storage))) == Caller(Role.EDITOR, "ci")


class Elsewhere:
    """Storage that finds another token than the one that was asked for."""

    def __init__(self, storage, token):
        self._read, self.found = storage.read, digest_of(token)

    async def read(self, function, _digest, *args):
        return await self._read(function, self.found, *args)


def test_what_is_found_must_have_the_digest(storage):
    other = new_token()
    kept_in(storage, token=other)
    with pytest.raises(InvalidToken):
        asyncio.run(Tokens(Elsewhere(storage, other)).caller_of(TOKEN))


def test_why_a_token_is_refused_is_not_told(storage):
    expired, revoked, unknown = (new_token() for _ in range(3))
    kept_in(storage, token=expired, expires=PAST)
    number = kept_in(storage, token=revoked)
    asyncio.run(storage.write(revoke_token, number))
    details = set()
    for token in (expired, revoked, unknown, "malformed"):
        with pytest.raises(InvalidToken) as caught:
            asyncio.run(Tokens(storage).caller_of(token))
        details.add(caught.value.detail)
    assert details == {"The token is malformed, unknown, expired or revoked."}


def test_a_malformed_token_does_not_reach_the_database():
    with pytest.raises(InvalidToken):
        asyncio.run(Tokens(None).caller_of(TOKEN.upper()))


def test_a_revoked_token_is_refused_at_once(storage):
    number = kept_in(storage)
    tokens = Tokens(storage)
    assert asyncio.run(show(tokens))
    asyncio.run(storage.write(revoke_token, number))
    with pytest.raises(InvalidToken):
        asyncio.run(show(tokens))


@pytest.mark.parametrize("before", [None, "2020-12-31"])
def test_the_first_use_on_a_day_is_noted_as_the_day(storage, before):
    number = kept_in(storage, used=before)
    earliest = now()
    asyncio.run(show(Tokens(storage)))
    assert earliest[:10] <= used(storage, number) <= now()[:10]


@pytest.mark.parametrize("day", [pytest.param("9999-12-31", id="clock set back"), None])
def test_a_day_is_written_once(storage, day):
    number = kept_in(storage, used=day or now()[:10])
    asyncio.run(show(Tokens(storage), times=2))
    assert storage.writes == 0
    asyncio.run(storage.write(note_use, number, "2020-01-01"))
    assert used(storage, number) > "2020-01-01"


class Stuck:
    """Storage whose writes wait until they are let go, and then fail."""

    writes = 0

    def __init__(self, storage):
        self.read, self.go = storage.read, asyncio.Event()

    async def write(self, *_, **__):
        self.writes += 1
        await self.go.wait()
        raise Unavailable("The disk is full.")


def test_while_a_use_is_being_written_others_write_nothing(storage):
    kept_in(storage)
    stuck = Stuck(storage)

    async def run():
        tokens = Tokens(stuck)
        for _ in range(10):
            await tokens.caller_of(TOKEN)
        stuck.go.set()
        await settle()

    asyncio.run(run())
    assert stuck.writes == 1


def test_no_request_waits_for_the_note_of_a_use_or_fails_with_it(storage, caplog):
    number = kept_in(storage)
    stuck = Stuck(storage)
    tokens = Tokens(stuck)

    async def run():
        assert await tokens.caller_of(TOKEN) == Caller(Role.EDITOR, "ci")
        stuck.go.set()
        await settle()
        await show(tokens)

    asyncio.run(run())
    assert stuck.writes == 2
    (first, _) = caplog.messages
    assert first == f"the use of token {number} could not be noted"


def run(url, *arguments):
    """The outcome of one of the commands on tokens."""
    variables = {"WAYMARK_DATABASE_URL": url}
    return CliRunner().invoke(main, ["token", *arguments], env=variables)


def create(url, **options):
    given = {"user": "ci", "role": "reader", **options}
    return run(url, "create", *(f"--{name}={given[name]}" for name in given))


@pytest.mark.parametrize(
    ("option", "value"),
    [
        pytest.param("user", "", id="no name"),
        pytest.param("user", "x" * 101, id="a long name"),
        pytest.param("user", "a\nb", id="a name of two lines"),
        pytest.param("user", "a\tb", id="a tab in a name"),
        pytest.param("user", "a\x9bb", id="a control character in a name"),
        pytest.param("user", "a\udcffb", id="a name that is not UTF-8"),
        pytest.param("role", "visitor", id="a role that is nobody's"),
        pytest.param("expires", "", id="no duration"),
        pytest.param("expires", "30", id="no unit"),
        pytest.param("expires", "30m", id="another unit"),
        pytest.param("expires", "0d", id="no time"),
        pytest.param("expires", "-1d", id="a time in the past"),
        pytest.param("expires", "1٣d", id="digits of another script"),
        pytest.param("expires", "99999w", id="after the last year"),
    ],
)
def test_what_no_token_can_be_made_of_is_named(storage, url, option, value):
    outcome = create(url, **{option: value})
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert f"--{option}" in outcome.stderr
    assert asyncio.run(storage.read(list_tokens)) == []


@pytest.mark.parametrize("name", ["x", "x" * 100, "Jürgen Müller-Lüdenscheidt", "李"])
def test_names_of_people_are_taken(storage, url, name):
    assert create(url, user=name).exit_code == 0
    assert asyncio.run(storage.read(list_tokens))[0].user == name


def test_a_name_is_kept_as_those_of_users_are(storage, url):
    create(url, user="Zoe\N{COMBINING DIAERESIS}")
    assert asyncio.run(storage.read(list_tokens))[0].user == "Zoë"


def test_an_operator_hears_which_role_counts(storage, url):
    asyncio.run(storage.write(a_user, "ada", Role.READER))
    known, unknown = create(url, user="ada", role="admin"), create(url, user="adda")
    assert "'ada' is registered as reader: the lesser role counts" in known.stderr
    assert "No user is named 'adda'" in unknown.stderr


def test_what_is_stored_does_not_give_the_token_away(storage, url):
    token = create(url).stdout.strip()
    (row,) = asyncio.run(storage.read(list_tokens))
    assert row.digest == hashlib.sha256(token.encode()).hexdigest()
    assert all(token[12:] not in str(value) for value in row)


@pytest.mark.parametrize(
    ("written", "lifetime"),
    [("1h", timedelta(hours=1)), ("9999w", timedelta(weeks=9999))],
)
def test_hours_and_weeks_are_durations_too(storage, url, written, lifetime):
    create(url, expires=written)
    (row,) = asyncio.run(storage.read(list_tokens))
    lived = datetime.fromisoformat(row.expires) - datetime.fromisoformat(row.created)
    assert abs(lived - lifetime) < timedelta(seconds=10)


def test_the_list_tells_which_tokens_are_over(storage, url):
    kept_in(storage, expires=PAST)
    asyncio.run(storage.write(revoke_token, kept_in(storage, token=new_token())))
    (_, *lines) = run(url, "list").stdout.splitlines()
    assert [line.split()[-1] for line in lines] == ["expired", "revoked"]


def test_a_list_of_no_tokens_has_a_head(storage, url):
    assert run(url, "list").stdout.splitlines()[0].startswith("ID  BEGINNING  USER")


def test_a_token_takes_one_line_of_the_list_whatever_its_user_s_name(storage, url):
    kept_in(storage, user="two\nlines\x9b")
    (_, line) = run(url, "list").stdout.split("\n")[:-1]
    assert "two\N{REPLACEMENT CHARACTER}lines\N{REPLACEMENT CHARACTER} " in line


@pytest.mark.parametrize("number", ["0", "-1", "x", str(2**63)])
def test_what_is_no_id_can_t_be_revoked(url, number):
    outcome = run(url, "revoke", "--", number)
    assert (outcome.exit_code, outcome.stdout) == (2, "")
    assert "'ID'" in outcome.stderr


def test_the_largest_number_is_an_id(url):
    outcome = run(url, "revoke", str(2**63 - 1))
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr == f"Error: there is no token {2**63 - 1}\n"

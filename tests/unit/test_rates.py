"""Limits on how often a caller may ask, in memory and in a real Redis."""

import asyncio
import itertools
import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from ipaddress import ip_address, ip_network

import http_sf
import pytest
import redis
from hypothesis import given, settings
from hypothesis import strategies as st
from redis.backoff import NoBackoff
from redis.retry import Retry

from api.protocol.addresses import client_address, is_trusted, site_of
from api.protocol.rates import (
    LANES,
    PATIENCE,
    PAUSE,
    SILENCE,
    Rates,
)
from api.settings import Settings
from tests.live.liveserver import free_port, wait_until

needs_redis = pytest.mark.skipif(
    not shutil.which("redis-server") and not os.environ.get("CI"),
    reason="there is no redis-server; CI has one",
)
PLENTY = 60.0
"""Seconds within which a Redis of ours answers, however busy the machine is."""
AT_ONCE = Retry(NoBackoff(), 0)
SOON = PATIENCE
"""Seconds within which an answer can't have waited for Redis."""
TRUSTED = (ip_network("10.0.0.0/8"), ip_network("2001:db8:ffff::/48"))


class Place:
    """Somewhere to count, with a clock that only the test moves."""

    def __init__(self, url="memory://"):
        self.url, self.now = url, 1_000_000.0
        self.runner, self._opened = asyncio.Runner(), []

    def rates(self, limit, *, most_callers=1000, patience=PLENTY, **settings):
        settings = {"rate_limit_storage": self.url} | settings
        given = Settings(rate_limit=limit, **settings)
        rates = Rates(given, lambda: self.now, most_callers, patience)
        self._opened.append(rates)
        return rates

    def hits(self, rates, times, key="ann"):
        """What each of some requests, one after the other, is told."""

        async def ask():
            return [await rates.hit(key) for _ in range(times)]

        return self.runner.run(ask())

    def hit(self, rates, key="ann"):
        return self.hits(rates, 1, key)[0]

    def hits_at_once(self, rates, times):
        async def ask():
            hits = [each.hit("ann") for each in rates for _ in range(times)]
            return await asyncio.gather(*hits)

        return self.runner.run(ask())

    def wait(self, seconds):
        self.now += seconds

    def close(self):
        for each in self._opened:
            self.runner.run(each.close())
        self.runner.close()


class PlaceInRedis(Place):
    """The same in a Redis, whose clock goes on by itself, too."""

    def __init__(self, server):
        super().__init__(server.url)
        self._client = server.client

    def wait(self, seconds):
        super().wait(seconds)
        for key in self._client.scan_iter():
            for name in self._client.hkeys(key):
                if name.startswith(b"start:"):
                    self._client.hincrby(key, name, -round(seconds * 1000))


class RedisServer:
    """A redis-server of our own on loopback, which keeps nothing."""

    def __init__(self, folder, password=""):
        self.port, self._folder = free_port(), folder
        self.url = f"redis://127.0.0.1:{self.port}"
        self.client = redis.Redis(port=self.port, password=password, retry=AT_ONCE)
        self._password, self._process = password, None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.kill()

    def start(self):
        command = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port)]
        options = ["--save", "", "--appendonly", "no", "--requirepass", self._password]
        self._process = subprocess.Popen(
            [*command, *options],
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
        )
        wait_until(self.is_answering, "Redis answers")

    def is_answering(self):
        with suppress(redis.ConnectionError):
            return self.client.ping()
        return False

    def signal(self, number):
        self._process.send_signal(number)

    def kill(self):
        self.client.close()
        self._process.kill()
        self._process.wait()


@pytest.fixture(scope="module")
def shared_server(tmp_path_factory):
    with RedisServer(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture
def server(tmp_path):
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture(params=["memory", pytest.param("in_redis", marks=needs_redis)])
def place(request):
    """Each of the two in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def memory():
    place = Place()
    yield place
    place.close()


@pytest.fixture
def in_redis(shared_server):
    shared_server.client.flushall()
    place = PlaceInRedis(shared_server)
    yield place
    place.close()


@pytest.fixture
def failing(server):
    """The same in a Redis that the test may kill."""
    place = PlaceInRedis(server)
    yield place
    place.close()


def allowed(rates):
    return [rate.is_allowed for rate in rates]


def told(rate, name="RateLimit"):
    """What a field says of each limit."""
    return dict(http_sf.parse(rate.headers[name].encode(), tltype="list"))


def left(rate):
    return {name: each["r"] for name, each in told(rate).items()}


def timed(function, *arguments):
    """What came of it, and how many seconds it took."""
    began = time.perf_counter()
    return function(*arguments), time.perf_counter() - began


def is_counted_later(place, rates):
    place.now += PAUSE
    return bool(place.hit(rates).headers)


def warnings_in(caplog):
    return [each for each in caplog.records if each.name == "waymark.rates"]


def test_a_caller_may_ask_as_often_as_the_limit_says(place):
    rates = place.rates("3/minute")
    assert allowed(place.hits(rates, 5)) == [True, True, True, False, False]


def test_another_caller_has_a_budget_of_its_own(place):
    rates = place.rates("1/minute")
    place.hits(rates, 2, "ann")
    assert place.hit(rates, "bob").is_allowed


def test_what_is_left_is_told_with_every_answer(place):
    rates = place.rates("3/minute")
    found = place.hits(rates, 5)
    assert [left(rate)["minute"] for rate in found] == [2, 1, 0, 0, 0]
    assert {each.headers["RateLimit-Policy"] for each in found} == {'"minute";q=3;w=60'}


def test_a_refusal_tells_what_was_exceeded_and_for_how_long(place):
    rates = place.rates("2/minute;9/hour")
    served, refused = place.hits(rates, 3)[1:]
    assert (served.exceeded, served.retry_after) == ((), 0)
    assert "Retry-After" not in served.headers
    assert (refused.exceeded, refused.retry_after) == (("minute",), 60)
    assert refused.headers == {
        "RateLimit": '"minute";r=0;t=60, "hour";r=7;t=3600',
        "RateLimit-Policy": '"minute";q=2;w=60, "hour";q=9;w=3600',
        "Retry-After": "60",
    }


def test_the_longest_of_the_exceeded_limits_is_waited_for(place):
    rates = place.rates("2/minute;3/hour")
    place.hit(rates)
    place.wait(3590)
    refused = place.hits(rates, 3)[-1]
    assert (refused.exceeded, refused.retry_after) == (("minute", "hour"), 60)
    assert [each["t"] for each in told(refused).values()] == [60, 10]


def test_with_nothing_left_it_is_told_when_one_more_is(place):
    rates = place.rates("4/minute")
    place.hits(rates, 4)
    place.wait(75)
    last = place.hits(rates, 2)[-1]
    assert (last.is_allowed, told(last)) == (True, {"minute": {"r": 0, "t": 15}})


def test_what_one_limit_refuses_no_other_counts(place):
    rates = place.rates("2/minute;3/hour")
    assert left(place.hits(rates, 20)[-1]) == {"minute": 0, "hour": 1}
    place.wait(120)
    assert left(place.hits(rates, 20)[-1]) == {"minute": 1, "hour": 0}


@pytest.mark.parametrize(
    "steps",
    [
        pytest.param([(0, 9, 4), (120, 9, 4)], id="after two windows all"),
        pytest.param([(0, 9, 4), (60, 9, 1), (15, 9, 1)], id="after one bit by bit"),
        pytest.param([(0, 9, 4), (90, 9, 3)], id="half of them after a half"),
        pytest.param([(0, 1, 1), (59, 3, 3), (1, 9, 1)], id="not twice at a border"),
        pytest.param([(0, 9, 4), (30, 9, 0)], id="none before the end"),
        pytest.param([(0, 9, 4), (75, 9, 2), (45, 9, 3)], id="in three windows"),
        pytest.param([(0, 9, 4), (9999, 9, 4)], id="much later all"),
    ],
)
def test_old_requests_stop_counting(place, steps):
    rates = place.rates("4/minute")
    for seconds, times, served in steps:
        place.wait(seconds)
        assert sum(allowed(place.hits(rates, times))) == served


def test_one_a_minute_is_one_in_each_minute(place):
    rates = place.rates("1/minute")
    for _ in range(4):
        assert allowed(place.hits(rates, 2)) == [True, False]
        place.wait(60)


@pytest.mark.parametrize("used", [4, 7])
def test_who_waits_as_told_is_served(place, used):
    rates = place.rates("4/minute;7/hour")
    while used:
        rate = place.hit(rates)
        used -= rate.is_allowed
        place.wait(rate.retry_after)
    refused = place.hits(rates, 5)[-1]
    place.wait(refused.retry_after / 2)
    assert not place.hit(rates).is_allowed
    place.wait(refused.retry_after / 2)
    assert place.hit(rates).is_allowed


@needs_redis
def test_a_limit_that_was_lowered_holds_at_once(in_redis):
    in_redis.hits(in_redis.rates("9/minute"), 9)
    rates = in_redis.rates("3/minute")
    refused = in_redis.hit(rates)
    assert (left(refused), refused.retry_after) == ({"minute": 0}, 60 + 40)
    in_redis.wait(100)
    assert allowed(in_redis.hits(rates, 2)) == [True, False]


@needs_redis
def test_a_clock_that_was_set_back_locks_nobody_out(in_redis):
    rates = in_redis.rates("4/minute")
    in_redis.hits(rates, 5)
    in_redis.wait(-3600)
    assert sum(allowed(in_redis.hits(rates, 9))) == 4


@settings(deadline=None, max_examples=50)
@given(
    quota=st.integers(1, 9),
    window=st.integers(1, 90),
    gaps=st.lists(st.floats(0, 60), max_size=40),
)
def test_refusals_end_when_told_and_no_burst_is_beyond_the_limit(quota, window, gaps):
    place = Place()
    rates = place.rates(f"{quota}/{window}second")
    for gap in gaps:
        place.wait(gap)
        burst = place.hits(rates, quota + 1)
        assert not burst[-1].is_allowed
        assert 1 <= burst[-1].retry_after <= window
        assert all(0 <= each["t"] <= window for each in told(burst[0]).values())
        place.wait(burst[-1].retry_after - 1)
        assert burst[-1].retry_after == 1 or not place.hit(rates).is_allowed
        place.wait(1)
        assert place.hit(rates).is_allowed
    place.close()


@settings(deadline=None, max_examples=50)
@given(
    quota=st.integers(1, 6),
    gaps=st.lists(st.floats(0, 30), min_size=1, max_size=60),
)
def test_no_stretch_of_one_window_has_more_than_twice_the_limit(quota, gaps):
    place, served = Place(), []
    rates = place.rates(f"{quota}/minute")
    for gap in gaps:
        place.wait(gap)
        if place.hit(rates).is_allowed:
            served.append(place.now)
    for end in served:
        assert sum(end - 60 < each <= end for each in served) <= 2 * quota
    place.close()


@pytest.mark.parametrize(
    ("limit", "policy"),
    [
        pytest.param("5/second", {"second": (5, 1)}, id="second"),
        pytest.param("7 per 2 minutes", {"2-minute": (7, 120)}, id="several"),
        pytest.param(
            "5000/day;100/minute",
            {"minute": (100, 60), "day": (5000, 86_400)},
            id="by growing windows",
        ),
        pytest.param("9/minute,5/60second", {"60-second": (5, 60)}, id="strictest"),
        pytest.param("0/hour", {"hour": (1, 3600)}, id="at least one"),
    ],
)
def test_the_fields_are_structured_ones(memory, limit, policy):
    rate = memory.hit(memory.rates(limit))
    found = told(rate, "RateLimit-Policy")
    assert {name: (each["q"], each["w"]) for name, each in found.items()} == policy
    assert {name: (each["r"], each["t"]) for name, each in told(rate).items()} == {
        name: (quota - 1, window) for name, (quota, window) in policy.items()
    }


@pytest.mark.parametrize(
    ("limit", "share"),
    [("100/minute", 33), ("3/minute", 1), ("2/minute", 1)],
)
def test_in_memory_each_process_allows_and_tells_its_share(memory, limit, share):
    rates = memory.rates(limit, workers=3)
    found = memory.hits(rates, 100)
    assert sum(allowed(found)) == share
    assert told(found[0], "RateLimit-Policy")["minute"]["q"] == share


def test_without_a_limit_nothing_is_counted_or_told(memory):
    rates = memory.rates("", rate_limit_storage="redis://127.0.0.1:1")
    assert {(each.is_allowed, *each.headers) for each in memory.hits(rates, 9)} == {
        (True,)
    }


def test_memory_keeps_only_those_who_asked_last(memory):
    rates = memory.rates("2/hour", most_callers=2)
    memory.hits(rates, 3, "ann")
    memory.hits(rates, 3, "bob")
    memory.hit(rates, "ann")
    memory.hit(rates, "eve")
    assert not memory.hit(rates, "ann").is_allowed
    assert memory.hit(rates, "bob").is_allowed


def test_any_text_may_name_a_caller(place):
    rates = place.rates("1/minute")
    for key in ("", "ü", "\ud800", "x" * 100_000):
        assert allowed(place.hits(rates, 2, key)) == [True, False]


@needs_redis
def test_redis_is_told_no_secret_and_forgets_in_time(shared_server, in_redis):
    in_redis.hit(in_redis.rates("3/minute;9/hour"), "token:s3cret")
    (key,) = shared_server.client.keys()
    assert b"s3cret" not in key + b"".join(shared_server.client.hgetall(key))
    assert 7190 < shared_server.client.ttl(key) <= 7200


@needs_redis
@pytest.mark.parametrize("scheme", ["redis", "valkey"])
def test_all_processes_count_in_one_redis(shared_server, in_redis, scheme):
    url = shared_server.url.replace("redis", scheme)
    both = [
        in_redis.rates("30/hour;40/day", rate_limit_storage=url, workers=2)
        for _ in "ab"
    ]
    found = in_redis.hits_at_once(both, 25)
    assert sum(allowed(found)) == 30
    assert min(left(each)["day"] for each in found) == 10
    assert told(found[0], "RateLimit-Policy")["hour"]["q"] == 30


@needs_redis
def test_many_requests_at_once_share_some_connections(shared_server, in_redis):
    before = shared_server.client.info("stats")["total_connections_received"]
    found = in_redis.hits_at_once([in_redis.rates("200/hour")], 300)
    after = shared_server.client.info("stats")["total_connections_received"]
    assert sum(allowed(found)) == 200
    assert after - before <= LANES


@needs_redis
def test_requests_are_served_while_redis_is_down(server, failing, caplog):
    rates = failing.rates("1/hour")
    failing.hit(rates)
    server.kill()
    first, took = timed(failing.hits, rates, 3)
    assert {(each.is_allowed, *each.headers) for each in first} == {(True,)}
    assert took < SOON
    assert len(warnings_in(caplog)) == 1


@needs_redis
def test_after_a_while_redis_is_tried_again(server, failing):
    rates = failing.rates("2/hour")
    server.kill()
    failing.hit(rates)
    server.start()
    assert not failing.hit(rates).headers
    failing.now += PAUSE
    assert allowed(failing.hits(rates, 3)) == [True, True, False]


@needs_redis
def test_a_redis_that_was_restarted_meanwhile_counts_at_once(server, failing):
    rates = failing.rates("2/hour")
    failing.hit(rates)
    server.kill()
    server.start()
    assert allowed(failing.hits(rates, 3)) == [True, True, False]


@needs_redis
def test_warnings_are_rare(server, failing, caplog):
    rates = failing.rates("2/hour")
    server.kill()
    for _ in range(round(SILENCE / PAUSE)):
        failing.hits(rates, 3)
        failing.now += PAUSE
    assert len(warnings_in(caplog)) == 1
    failing.hit(rates)
    assert len(warnings_in(caplog)) == 2


@needs_redis
def test_a_redis_that_hangs_keeps_nobody_waiting_for_long(server, failing, caplog):
    rates = failing.rates("50/hour", patience=PATIENCE)
    failing.hit(rates)
    server.signal(signal.SIGSTOP)
    found, took = timed(failing.hits_at_once, [rates], 100)
    assert all(allowed(found))
    assert PATIENCE <= took < 4 * PATIENCE
    assert "no answer within 0.25 s" in caplog.text
    failing.now += PAUSE
    assert PATIENCE <= timed(failing.hits_at_once, [rates], 100)[1] < 4 * PATIENCE
    assert timed(failing.hits_at_once, [rates], 100)[1] < SOON
    server.signal(signal.SIGCONT)
    wait_until(lambda: is_counted_later(failing, rates), "Redis counts again")


@needs_redis
def test_while_one_request_tries_again_the_others_do_not_wait(server, failing):
    rates = failing.rates("50/hour", patience=PATIENCE)
    server.signal(signal.SIGSTOP)
    failing.hit(rates)
    failing.now += PAUSE

    async def ask():
        began = time.perf_counter()
        trying = asyncio.create_task(rates.hit("ann"))
        await asyncio.sleep(0)
        await rates.hit("bob")
        meanwhile = time.perf_counter() - began
        await trying
        return meanwhile

    assert failing.runner.run(ask()) < SOON
    server.signal(signal.SIGCONT)


@needs_redis
@pytest.mark.parametrize(
    ("password", "is_counted"), [("right", True), ("wr0ng", False)]
)
def test_a_password_is_sent_but_not_logged(tmp_path, caplog, password, is_counted):
    with RedisServer(tmp_path, "right") as server:
        place = Place(server.url.replace("//", f"//:{password}@"))
        rate = place.hit(place.rates("2/hour"))
        place.close()
    assert (rate.is_allowed, bool(rate.headers)) == (True, is_counted)
    assert len(warnings_in(caplog)) == (not is_counted)
    assert password not in caplog.text


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        pytest.param("192.0.2.1", None, "192.0.2.1", id="no proxy"),
        pytest.param("192.0.2.1", "198.51.100.7", "192.0.2.1", id="untrusted"),
        pytest.param("10.0.0.1", None, "10.0.0.1", id="proxy itself"),
        pytest.param("10.0.0.1", "", "10.0.0.1", id="empty"),
        pytest.param("10.0.0.1", "198.51.100.7", "198.51.100.7", id="forwarded"),
        pytest.param(
            "10.0.0.1", "198.51.100.7,\t10.0.0.2 , 10.9.9.9", "198.51.100.7", id="chain"
        ),
        pytest.param(
            "10.0.0.1", "10.6.6.6, 198.51.100.7, 10.0.0.2", "198.51.100.7", id="forged"
        ),
        pytest.param("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3", id="all trusted"),
        pytest.param("10.0.0.1", "198.51.100.7, ?", "10.0.0.1", id="garbage"),
        pytest.param(
            "10.0.0.1", "198.51.100.7, ?, 10.0.0.2", "10.0.0.2", id="garbage between"
        ),
        pytest.param("10.0.0.1", "198.51.100.7:80", "10.0.0.1", id="with a port"),
        pytest.param("10.0.0.1", "198.51.100.7,", "10.0.0.1", id="empty element"),
        pytest.param(
            "::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7", id="mapped"
        ),
        pytest.param(
            "2001:db8:ffff::1", "2001:DB8::0:1", "2001:db8::1", id="one spelling"
        ),
        pytest.param("fe80::1%eth0", None, "fe80::1", id="zone"),
        pytest.param(None, "198.51.100.7", "", id="Unix socket"),
        pytest.param("testclient", "198.51.100.7", "testclient", id="no address"),
    ],
)
def test_the_address_is_what_trusted_proxies_say(peer, forwarded, address):
    assert client_address(peer, forwarded, TRUSTED) == address


@pytest.mark.parametrize(
    ("peer", "holds"),
    [
        ("10.0.0.1", True),
        ("::ffff:10.0.0.1", True),
        ("11.0.0.1", False),
        ("2001:db8:ffff::1", True),
        ("?", False),
        (None, False),
    ],
)
def test_a_proxy_is_trusted_by_its_network(peer, holds):
    assert is_trusted(peer, TRUSTED) is holds


HOPS = (
    st.text() | st.ip_addresses().map(str) | st.sampled_from(["10.0.0.2", "10.7.7.7"])
)


@settings(deadline=None, max_examples=100)
@given(hops=st.lists(HOPS))
def test_garbage_in_the_header_is_never_believed(hops):
    header = ",".join(hops)
    hops = ["10.0.0.1", *reversed(header.split(","))]
    trusted = itertools.takewhile(
        lambda hop: is_trusted(hop.strip(" \t"), TRUSTED), hops
    )
    # Proxies vouch for what is in front of them, and for nothing beyond.
    last = len(list(trusted))
    address = client_address("10.0.0.1", header, TRUSTED)
    vouched = {
        client_address(hop.strip(" \t"), "", ()) for hop in hops[last - 1 : last + 1]
    }
    assert address in vouched
    assert ip_address(address)
    assert client_address("192.0.2.1", header, TRUSTED) == "192.0.2.1"


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_a_site_of_ipv6_counts_as_one_caller(address, site):
    assert site_of(address) == site

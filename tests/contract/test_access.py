"""Who may do what: every role, every noun, every method, one's own and another's.

Each case is asked twice: what a request is answered, and whether a form offered it.
"""

import re
from dataclasses import replace

import pytest
import uritemplate

from api.app import create_app
from api.documents import KINDS
from api.roles import Caller, Role
from tests.client import Client
from tests.shop import (
    COLLECTED,
    a_customer,
    a_draft,
    body_of,
    follow,
    href,
    kind_named,
    lineitem,
    make,
    prepare,
)

FORMS = "application/prs.hal-forms+json"
# What the contract says, written down once more by hand.
PUBLIC = {"book", "review", "product"}
ADMINISTRATED = {"user"}
WRITTEN_BY_ADMINISTRATORS = {"user", "configuration"}
STEPS = {"placement", "payment", "shipment", "delivery", "cancellation"}
OF_CUSTOMERS = {"customer", "customer_configuration", "order", "lineitem"} | STEPS
OWN, FOREIGN = 1, 2

CALLERS = {
    "stranger": Caller(Role.STRANGER),
    "visitor": Caller(Role.VISITOR),
    "reader": Caller(Role.READER, "ann"),
    "editor": Caller(Role.EDITOR, "bob"),
    "admin": Caller(Role.ADMIN, "cleo"),
    "bound reader": Caller(Role.READER, "dan", OWN),
    "bound editor": Caller(Role.EDITOR, "eve", OWN),
    "bound admin": Caller(Role.ADMIN, "flo", OWN),
}


def expected(caller, method, noun, owner):
    """The status of a refusal, or 200 for what may be done."""
    if caller.role in {Role.STRANGER, Role.VISITOR}:
        is_open = noun in PUBLIC and caller.role is Role.VISITOR
        return 200 if is_open and method == "GET" else 401
    refusal = caller.customer and refusal_of_bound(method, noun, owner)
    return refusal or answer_by_role(caller, method, noun)


def refusal_of_bound(method, noun, owner):
    if noun not in OF_CUSTOMERS and noun not in PUBLIC:
        return 404
    if noun in OF_CUSTOMERS and owner == FOREIGN:
        return 404
    makes_customer = noun == "customer" and method == "POST"
    is_change_of_shop = noun in PUBLIC and method != "GET"
    return 403 if makes_customer or is_change_of_shop else None


def answer_by_role(caller, method, noun):
    is_read = method == "GET"
    if noun in ADMINISTRATED and caller.role is not Role.ADMIN:
        return 403
    if is_read or caller.role is Role.ADMIN:
        return 200
    if noun in WRITTEN_BY_ADMINISTRATORS or caller.role is Role.READER:
        return 403
    return 200


class Shop:
    """Two customers, each with what a customer can have, and one of all else."""

    def __init__(self, client):
        self.members, self.collections = {}, {}
        for customer in (OWN, FOREIGN):
            owner = a_customer(client)
            assert owner["id"] == customer
            self._fill(client, owner, customer)
        for kind in KINDS:
            if kind.name not in OF_CUSTOMERS:
                path = href(make(client, kind).json)
                self.members[kind.name] = {OWN: path}
                self.collections[kind.name] = {OWN: path.rpartition("/")[0]}

    def _fill(self, client, owner, customer):
        own, order = href(owner), a_draft(client, owner)
        line = lineitem(client, order)
        at = {
            "customer": own,
            "customer_configuration": f"{own}/configuration",
            "order": href(order),
            "lineitem": href(line),
        }
        for step in STEPS:
            path = href(a_draft(client, owner))
            prepare(client, path, kind_named(step))
            at[step] = f"{path}/{step}"
        for noun, path in at.items():
            self.members.setdefault(noun, {})[customer] = path
        for noun, path in {
            "customer": "/customers",
            "order": f"{own}/orders",
            "lineitem": f"{href(order)}/lineitems",
        }.items():
            self.collections.setdefault(noun, {})[customer] = path


@pytest.fixture(scope="module")
def shop(module_settings):
    """A filled shop: where everything stands in it."""
    return Shop(Client(create_app(module_settings)))


@pytest.fixture
def asking(shop, settings, copy_of_module):
    """Makes a client of the named caller on a shop of its own."""

    def make_client(name):
        copy_of_module()
        return client_of(settings, CALLERS[name]), shop

    return make_client


def client_of(settings, caller):
    async def told(_req):
        return caller

    is_public = caller.role is Role.VISITOR
    guarded = replace(settings, auth="token", public_reads=is_public)
    return Client(create_app(guarded, told))


def body_for(kind, method):
    if method == "PATCH" or kind.name in STEPS:
        return {}
    if method in {"POST", "PUT"}:
        body = body_of(kind, changed=True)
        if method == "POST" and kind.schema.load_fields.get(kind.model.key):
            body[kind.model.key] = "new-one"
        return body
    return None


def send(client, method, path, body):
    headers = {"Accept": FORMS}
    return client.simulate_request(method, path, json=body, headers=headers)


def offered(client, path):
    """The methods that forms offer at the path, in all documents that lead there."""
    answer = client.get(path, accept=FORMS)
    if answer.status_code != 200:
        return None
    return {
        each["method"]
        for each in answer.json.get("_templates", {}).values()
        if each["target"] == path and each["method"] != "GET"
    }


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", CALLERS)
def test_each_request_to_a_member_is_answered_as_the_role_says(asking, name, kind):
    client, shop = asking(name)
    caller, noun = CALLERS[name], kind.name
    for owner, path in reversed(shop.members[noun].items()):
        methods = ["PATCH", "PUT", "DELETE"] if noun not in STEPS else ["PUT"]
        if noun == "order":
            methods.remove("PUT")
        if noun not in STEPS:
            read = client.get(path)
            assert read.status_code == expected(caller, "GET", noun, owner)
        shown = offered(client, path)
        for method in methods:
            answer = send(client, method, path, body_for(kind, method))
            wanted = expected(caller, method, noun, owner)
            if wanted == 200:
                assert answer.status_code in {200, 201, 204, 409}, answer.text
            else:
                assert answer.status_code == wanted, (method, path, answer.text)
                assert answer.headers["cache-control"] == "no-store"
            if noun not in STEPS and shown is not None:
                assert (method in shown) is (answer.status_code < 300), (method, path)


@pytest.mark.parametrize("kind", COLLECTED, ids=lambda kind: kind.name)
@pytest.mark.parametrize("name", CALLERS)
def test_each_request_to_a_collection_is_answered_as_the_role_says(asking, name, kind):
    client, shop = asking(name)
    caller, noun = CALLERS[name], kind.name
    for owner, path in reversed(shop.collections[noun].items()):
        # The one collection of all customers is nobody's own.
        whose = OWN if noun == "customer" else owner
        read = client.get(path)
        assert read.status_code == expected(caller, "GET", noun, whose)
        shown = offered(client, path)
        answer = send(client, "POST", path, body_for(kind, "POST"))
        wanted = expected(caller, "POST", noun, whose)
        assert answer.status_code == (201 if wanted == 200 else wanted), answer.text
        if shown is not None:
            assert ("POST" in shown) is (wanted == 200)


@pytest.mark.parametrize("step", sorted(STEPS))
@pytest.mark.parametrize("name", CALLERS)
def test_the_steps_shown_are_those_that_succeed(asking, name, step):
    client, shop = asking(name)
    for owner in (FOREIGN, OWN):
        path = shop.members[step][owner]
        order = client.get(path.rpartition("/")[0], accept=FORMS)
        may = expected(CALLERS[name], "PUT", step, owner) == 200
        if order.status_code == 200:
            targets = {
                each["target"] for each in order.json.get("_templates", {}).values()
            }
            assert (path in targets) is may
            assert (f"wm:{step}" in order.json["_links"]) is may
        assert (client.put(path, {}).status_code == 201) is may


@pytest.mark.parametrize("name", CALLERS)
def test_every_link_of_the_root_can_be_followed(asking, name):
    client, _shop = asking(name)
    root = client.get("/")
    if CALLERS[name].role is Role.STRANGER:
        assert root.status_code == 401
        return
    for rel, link in root.json["_links"].items():
        if rel.startswith("wm:"):
            path = uritemplate.expand(link["href"], {"id": 1, "key": "none"})
            assert client.get(path).status_code in {200, 404}, path
            is_known = client.get(path).status_code == 200
            assert is_known or rel in {"wm:item", "wm:task"}, path
    seen = {rel for rel in root.json["_links"] if rel.startswith("wm:")}
    shop_s = {"wm:books", "wm:book", "wm:products", "wm:product"}
    own = {"wm:customers", "wm:customer", "wm:orders", "wm:order"}
    if CALLERS[name].role is Role.VISITOR:
        assert seen == shop_s
    elif CALLERS[name].customer:
        assert seen == shop_s | own
    else:
        assert ("wm:users" in seen) is (CALLERS[name].role is Role.ADMIN)


BOUND = [name for name, caller in CALLERS.items() if caller.customer is not None]


@pytest.mark.parametrize("name", BOUND)
def test_collections_totals_and_exports_hold_only_one_s_own(asking, name):
    client, _shop = asking(name)
    customers = client.get("/customers").json
    assert (customers["total"], customers["count"]) == (1, 1)
    assert [each["id"] for each in customers["_embedded"]["item"]] == [OWN]
    assert "next" not in customers["_links"]
    orders = client.get("/orders").json
    own = client.get("/customers/1/orders").json
    assert orders["total"] == own["total"] == 1 + len(STEPS)
    whose = {href(each, "wm:customer") for each in orders["_embedded"]["item"]}
    assert whose == {"/customers/1"}
    for ending in ("ndjson", "csv"):
        assert "customers/2" not in client.get(f"/customers.{ending}").text
        every, mine = (
            client.get(f"{path}.{ending}").text.splitlines()[:-1]
            for path in ("/orders", "/customers/1/orders")
        )
        assert len(mine) >= len(STEPS)
        assert every == mine


@pytest.mark.parametrize("name", BOUND)
def test_no_query_leads_to_another_s(asking, name):
    client, _shop = asking(name)
    for query in (
        "id=2",
        "id.in=1,2",
        "id.ne=1",
        "sort=-id",
        "sort=-name&limit=1",
        "embed=orders",
    ):
        answer = client.get(f"/customers?{query}")
        found = answer.json.get("_embedded", {}).get("item", [])
        assert all(each["id"] == OWN for each in found), query
        assert answer.json.get("total", 0) <= 1
    orders = client.get("/orders?id.gte=1&sort=-id").json
    assert orders["total"] == 1 + len(STEPS)


@pytest.mark.parametrize("name", BOUND)
def test_pages_of_one_s_own_can_be_walked(asking, name):
    client, _shop = asking(name)
    page, seen = client.get("/orders?limit=2&sort=-total").json, []
    while True:
        seen += [each["id"] for each in page["_embedded"]["item"]]
        if "next" not in page["_links"]:
            break
        page = follow(client, page, "next")
    assert len(seen) == len(set(seen)) == 1 + len(STEPS)
    assert follow(client, client.get("/customers").json, "last")["count"] == 1


@pytest.mark.parametrize("name", BOUND)
def test_another_s_and_nobody_s_are_told_in_the_same_words(asking, name):
    client, shop = asking(name)
    nowhere = "99999"
    for path in (
        shop.members["customer"][FOREIGN],
        shop.members["order"][FOREIGN],
        shop.members["lineitem"][FOREIGN],
        shop.members["placement"][FOREIGN],
        shop.collections["lineitem"][FOREIGN],
        shop.collections["order"][FOREIGN],
        shop.members["customer_configuration"][FOREIGN],
    ):
        foreign = path.split("/")[2]
        for method in ("GET", "PUT", "PATCH", "DELETE", "POST", "OPTIONS"):
            answers = [
                client.simulate_request(
                    method, each, body="{", headers={"If-Match": "x"}
                )
                for each in (path, path.replace(foreign, nowhere, 1))
            ]
            told = [
                {
                    **each.json,
                    "instance": "",
                    "detail": re.sub(
                        rf"\b({foreign}|{nowhere})\b", "n", each.json["detail"]
                    ),
                }
                for each in answers
            ]
            assert told[0] == told[1], (method, path)
            assert {each.status_code for each in answers} == {404}
    # Below one's own customer too.
    order = shop.members["order"][FOREIGN].rpartition("/")[2]
    for number in (order, nowhere):
        answer = client.get(f"/customers/1/orders/{number}")
        assert answer.status_code == 404
        assert answer.json["detail"].replace(number, "n") == (
            "There is nothing with the id n in orders."
        )


def test_what_may_not_be_known_is_answered_like_what_is_not_there(asking):
    client, _shop = asking("bound admin")
    for path in ("/tasks", "/tasks/new", "/items", "/users", "/users/1"):
        answer = client.get(path)
        assert answer.status_code == 404
        assert answer.json["type"] == "/problems/not-found"
        assert answer.json["detail"] == f"No resource stands at {path!r}."


def test_a_user_bound_to_a_customer_keeps_the_customer(client):
    customer = a_customer(client)
    user = kind_named("user")
    made = make(client, user, customer=customer["id"]).json
    assert made["customer"] == customer["id"]
    refused = client.delete(href(customer))
    assert refused.status_code == 409
    assert "related" in refused.json["_links"]
    assert client.post("/users", body_of(user) | {"customer": 99}).status_code == 400

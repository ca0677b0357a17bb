"""A client's side of HAL-FORMS: what a template lets it send, and what it does not.

Nothing here knows a noun. Values are made from the template alone; what no form can
tell, a check digit for instance, is handed in by the member's name.
"""

import re
from collections import Counter
from string import ascii_letters, digits
from urllib.parse import urlencode

import uritemplate

from tests.shop import href

FORMS = "application/prs.hal-forms+json"
URLENCODED = "application/x-www-form-urlencoded"

_ELSEWHERE = {
    *("alternate", "describedby", "profile"),
    *("service-desc", "service-doc", "api-catalog"),
}
"""Relations to other formats and to descriptions, which have no templates."""
_SOME_TEXT = ascii_letters + digits + " &=+%<>\"'/;#?äé€"
_SHORT = 8


def read(client, path, **headers):
    """The answer with the document and its templates."""
    return client.get(path, accept=FORMS, **headers)


def templates_of(document):
    return list(document.get("_templates", {}).values())


def submit(client, template, values, **headers):
    """The answer to the template sent with the values, as its media type says."""
    assert template["contentType"] == URLENCODED
    fields = urlencode(values)
    if template["method"] == "GET":
        return read(client, template["target"] + ("?" + fields) * bool(fields))
    if template["method"] == "DELETE":
        return client.delete(template["target"], accept=FORMS, **headers)
    where = template["method"], template["target"]
    return client.send(*where, fields, URLENCODED, accept=FORMS, **headers)


def present_values(template):
    """What a form shows before anybody wrote into it."""
    told = template["properties"]
    return {each["name"]: each["value"] for each in told if "value" in each}


def choices_at(client, link, words=None):
    """The documents of which one can be chosen, found by the words if there are any."""
    wanted = {"q": words, "name.contains": words} if words else {}
    path = uritemplate.expand(link["href"], wanted)
    return read(client, path).json["_embedded"]["item"]


def links_of(document):
    """Relations and hrefs: where the document leads by itself, templates apart."""
    for rel, target in document["_links"].items():
        for link in target if isinstance(target, list) else [target]:
            if rel not in _ELSEWHERE and not link.get("templated"):
                yield rel, link["href"]
    for rel, target in document.get("_embedded", {}).items():
        for each in target if isinstance(target, list) else [target]:
            yield rel, href(each)


class Filler:
    """Makes values for templates, none twice where there is enough to choose from.

    `beyond` holds functions, by the names of members of which not all is told.
    """

    def __init__(self, client, random, **beyond):
        self._client = client
        self._random = random
        self._beyond = beyond
        self._given = set()

    def values(self, template, filling):
        """Values for the `required` fields, for `some` more, or for `all`.

        With `least` and `most` it is all, each on its limit. None is given where there
        is no choice for a required one.
        """
        found = {}
        for each in template["properties"]:
            if self._is_left_out(each, filling):
                continue
            value = self.value(each, filling)
            if value is not None:
                found[each["name"]] = value
            elif each["required"]:
                return None
        return found

    def value(self, told, filling="all"):
        if told["name"] in self._beyond:
            return self._beyond[told["name"]]()
        options = told.get("options")
        if options is None:
            return self._new(told, filling)
        if "inline" in options:
            return self._random.choice(inline_values(options))
        found = choices_at(self._client, options["link"])
        if not found:
            return None
        return str(self._random.choice(found)[options["valueField"]])

    def _is_left_out(self, told, filling):
        if told["required"] or filling in {"all", "least", "most"}:
            return False
        return filling == "required" or self._random.random() < 0.5

    def _new(self, told, filling):
        making = {"number": self._number, "date": self._date}
        for _ in range(20):
            value = making.get(told["type"], self._text)(told, filling)
            if (told["name"], value) not in self._given:
                break
        self._given.add((told["name"], value))
        return value

    def _number(self, told, filling):
        low, high = told.get("min", -1000), told.get("max", 1000)
        extreme = {"least": low, "most": high}
        return str(extreme.get(filling, self._random.randint(low, high)))

    def _date(self, _told, _filling):
        return f"{self._random.randint(1990, 2030)}-{self._random.randint(1, 12):02}-28"

    def _text(self, told, filling):
        longest = told.get("maxLength", _SHORT)
        if "regex" in told:
            text = Pattern(told["regex"]).sample(self._random)
            is_at_limit = filling == "most" and "maxLength" in told
            return _lengthened(text, longest) if is_at_limit else text
        shortest = max(1, told.get("minLength", 1))
        length = {"least": shortest, "most": longest}.get(
            filling, self._random.randint(shortest, max(shortest, min(longest, _SHORT)))
        )
        return "".join(self._random.choices(_SOME_TEXT, k=length))


def inline_values(options):
    told = options["inline"]
    return [each if isinstance(each, str) else each["value"] for each in told]


def wrong_values(told, good):
    """Each limit of the property with a value that breaks it; None stands for no value.

    `good` is a value that breaks none.
    """
    shortest, longest = told.get("minLength", 0), told.get("maxLength")
    if told["required"]:
        yield "required", None
    if shortest > 1 or (shortest and told["required"]):
        yield "minLength", good[: shortest - 1]
    if longest is not None:
        yield "maxLength", _lengthened(good, longest + 1)
    for limit, beside in (("min", -1), ("max", 1)):
        if limit in told:
            yield limit, str(told[limit] + beside)
    if "step" in told:
        yield "step", f"{told.get('min', 0)}.5"
    if told["type"] in {"number", "date"}:
        yield "type", "yesterday"
    yield from _wrong_texts(told, good)


def _wrong_texts(told, good):
    options, regex = told.get("options", {}), told.get("regex", "")
    if "inline" in options:
        yield "inline", f"1{good}"
        assert f"1{good}" not in inline_values(options)
    elif "link" in options:
        yield "link", str(2**53 - 1)
    elif regex:
        yield "regex", f"{good}§"
        assert not Pattern(regex).fits(f"{good}§")


def _lengthened(text, length):
    return "a" * (length - len(text)) + text


class NotPortable(ValueError):
    """A regex uses what Python and ECMAScript do not both read, and alike."""


class Pattern:
    """A regex of the few constructs that mean the same in Python and in ECMAScript.

    In ECMAScript that is with the flag `v` too, as HTML reads the patterns of inputs,
    where a class holds no bare punctuation that could be syntax.
    """

    def __init__(self, regex):
        self.regex = regex
        self._rest = regex
        self._sample = self._alternatives()
        if self._rest:
            raise NotPortable(f"{self._rest} in {regex}")

    def fits(self, text):
        return re.fullmatch(self.regex, text, re.ASCII) is not None

    def sample(self, random):
        """A text that fits."""
        for _ in range(100):
            text = self._sample(random)
            if self.fits(text):
                return text
        raise LookupError(self.regex)

    def _match(self, regex):
        found = re.match(regex, self._rest)
        if found:
            self._rest = self._rest[found.end() :]
        return found

    def _require(self, regex):
        found = self._match(regex)
        if not found:
            raise NotPortable(f"{self._rest} in {self.regex}")
        return found

    def _alternatives(self):
        options = [self._sequence()]
        while self._match(r"\|"):
            options.append(self._sequence())
        return lambda random: random.choice(options)(random)

    def _sequence(self):
        parts = []
        while self._rest and self._rest[0] not in "|)":
            if self._match(r"\(\?[!=]"):
                # What must or must not follow is seen when the sample is checked.
                self._alternatives()
                self._require(r"\)")
            elif not self._match(r"[\^$]"):
                parts.append(self._repeated(self._atom()))
        return lambda random: "".join(part(random) for part in parts)

    def _repeated(self, part):
        found = self._match(r"[?*+]|\{(?P<low>\d+)(?P<more>,?)(?P<high>\d*)\}")
        if not found:
            return part
        if found["low"] is None:
            low, high = {"?": (0, 1), "*": (0, 3), "+": (1, 4)}[found[0]]
        else:
            low = int(found["low"])
            high = int(found["high"] or (low + 3 if found["more"] else low))
        return lambda random: "".join(
            part(random) for _ in range(random.randint(low, high))
        )

    def _atom(self):
        if self._match(r"\(\?:"):
            inner = self._alternatives()
            self._require(r"\)")
            return inner
        if self._match(r"\["):
            chars = self._class()
            return lambda random: random.choice(chars)
        if self._match(r"\."):
            return lambda random: random.choice(ascii_letters)
        char = self._char(r"\\([\^$\\.*+?()\[\]{}|/])|([^\\\[\]{}()*+?/])")
        return lambda _random: char

    def _class(self):
        chars = []
        doubled = r"(?!([&!#$%*+,.:;<=>?@^`~])\1)"
        single = r"\\([\^$\\.*+?()\[\]{}|/\-])|([^\\\[\](){}/|\-])"
        if self._rest.startswith("^"):
            raise NotPortable(f"{self._rest} in {self.regex}")
        while not self._match(r"\]"):
            self._require(doubled)
            first = last = self._char(single)
            if self._match("-"):
                last = self._char(single)
            chars += map(chr, range(ord(first), ord(last) + 1))
        return chars

    def _char(self, regex):
        found = self._match(r"\\x([0-9A-Fa-f]{2})")
        if found:
            return chr(int(found[1], 16))
        found = self._require(regex)
        return found[1] or found[2]


class Visitor:
    """A client that knows the root, and goes on by relations and templates alone.

    It fills in fields by what they are called for people.
    """

    def __init__(self, client):
        self._client = client
        self.go("/")

    def go(self, target):
        self.document = read(self._client, target).json

    def follow(self, rel):
        self.go(href(self.document, rel))

    def open_first(self):
        self.go(href(self.document["_embedded"]["item"][0]))

    def submit(self, method, rel="self", **wishes):
        """Send the template of the method that aims where the relation leads."""
        target = uritemplate.expand(href(self.document, rel), {})
        [template] = [
            each
            for each in templates_of(self.document)
            if (each["method"], each["target"]) == (method, target)
        ]
        values = {}
        for told in template["properties"]:
            wish = wishes.pop(told["prompt"].partition(" (")[0].replace(" ", "_"), None)
            value = told.get("value") if wish is None else self._meant(told, wish)
            assert value is not None or not told["required"], told["prompt"]
            values[told["name"]] = value or ""
        assert not wishes
        answer = submit(self._client, template, values)
        assert answer.status_code in {200, 201, 204}, answer.text
        if answer.text:
            self.document = answer.json

    def _meant(self, told, wish):
        """The value that the wish is called by."""
        options = told.get("options", {})
        if "link" in options:
            found = choices_at(self._client, options["link"], wish)
            [chosen] = [each for each in found if each[options["promptField"]] == wish]
            return str(chosen[options["valueField"]])
        for each in options.get("inline", []):
            if isinstance(each, dict) and each["prompt"] == wish:
                return each["value"]
        return wish


class Wanderer:
    """A client that takes any link or template it sees, and notes what went wrong.

    Of all that is offered it takes what it took least before.
    """

    EXPLAINED = ("/problems/currency-mismatch", "/problems/stock-short")
    """The refusals that no form can foretell: they depend on what is chosen in it."""

    def __init__(self, client, random, fill):
        self._client = client
        self._random = random
        self._fill = fill
        self._visits = Counter()
        self.wrong = []
        self.taken = []
        self._read("/")

    def step(self):
        templates = templates_of(self._document)
        is_new = any(_named(each) not in self.taken for each in templates)
        if templates and self._random.random() < (0.9 if is_new else 0.2):
            self._submit(self._rarest([(_named(each), each) for each in templates]))
        else:
            here = re.sub("[0-9]+", "_", href(self._document))
            links = [((rel, here), path) for rel, path in links_of(self._document)]
            self._read(self._rarest([*links, ("root", "/")]))

    def _rarest(self, choices):
        self._random.shuffle(choices)
        name, found = min(choices, key=lambda each: self._visits[each[0]])
        self._visits[name] += 1
        return found

    def _read(self, path):
        answer = read(self._client, path)
        if answer.status_code == 200:
            self._document, self._tag = answer.json, answer.headers["etag"]
        elif answer.status_code != 404 or not path.startswith("/orders/"):
            # A step that may happen is not there yet.
            self.wrong.append((path, answer.status))

    def _submit(self, template):
        values = self._fill.values(template, "some")
        if values is None:
            return
        is_own = template["target"] == href(self._document)
        headers = {"if_match": self._tag} if is_own else {}
        answer = submit(self._client, template, values, **headers)
        self.taken.append(_named(template))
        is_done = 200 <= answer.status_code < 300
        if not is_done and not self._is_explained(answer):
            self.wrong.append((_named(template), values, answer.text))
        self._read(href(answer.json) if is_done and answer.text else "/")

    def _is_explained(self, answer):
        return answer.status_code == 409 and answer.json["type"] in self.EXPLAINED


def _named(template):
    return template["method"], template["title"]

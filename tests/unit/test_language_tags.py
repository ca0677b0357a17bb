"""Language tags of BCP 47."""

from time import perf_counter

import pytest
from marshmallow import ValidationError

from schemas.book import BookSchema

FIELD = BookSchema().fields["language"]


@pytest.mark.parametrize(
    "tag",
    [
        "en",
        "enm",
        "de-AT",
        "zh-Hant-TW",
        "es-419",
        "sl-rozaj-biske",
        "de-CH-1996",
        "zh-cmn-Hans-CN",
        "en-a-bbb-x-a-ccc",
        "de-DE-u-co-phonebk",
        "EN-us",
        "und",
        "mul",
    ],
)
def test_a_tag_is_kept_as_it_is(tag):
    assert FIELD.deserialize(tag) == tag


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param("e", id="one letter"),
        pytest.param("english language", id="blank"),
        pytest.param("en_US", id="underscore"),
        pytest.param("en-", id="hyphen at the end"),
        pytest.param("-en", id="hyphen in front"),
        pytest.param("en--US", id="two hyphens"),
        pytest.param("en-US\n", id="line break"),
        pytest.param("en-a", id="extension without value"),
        pytest.param("en-x", id="private use without value"),
        pytest.param("abcdefghi", id="too long"),
        pytest.param("en-abcdefghi", id="subtag too long"),
        pytest.param("12", id="digits"),
        pytest.param("dé", id="other letters"),
    ],
)
def test_what_is_no_tag_is_refused(text):
    with pytest.raises(ValidationError) as caught:
        FIELD.deserialize(text)
    assert caught.value.messages[0].code == "language"


@pytest.mark.parametrize("part", ["-abcde", "-a-bb", "-1abc", "-x-a"])
def test_a_long_text_is_refused_at_once(part):
    started = perf_counter()
    with pytest.raises(ValidationError):
        FIELD.deserialize("en" + part * 10_000 + "!")
    assert perf_counter() - started < 1

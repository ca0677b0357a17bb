"""What the Prefer header asks for."""

import pytest

from api.protocol.preferences import NONE_GIVEN, Preferences, read_preferences
from api.storage.query import Counting


@pytest.mark.parametrize(
    ("header", "preferences"),
    [
        pytest.param("return=minimal", Preferences(is_minimal=True), id="minimal"),
        pytest.param('return="minimal"', Preferences(is_minimal=True), id="quoted"),
        pytest.param("Return = Minimal", Preferences(is_minimal=True), id="case"),
        pytest.param("return=minimal; x=1", Preferences(is_minimal=True), id="params"),
        pytest.param("return=representation", NONE_GIVEN, id="the usual"),
        pytest.param(
            "return=representation, return=minimal", NONE_GIVEN, id="first counts"
        ),
        pytest.param("handling=lenient", Preferences(is_lenient=True), id="lenient"),
        pytest.param("handling=strict", NONE_GIVEN, id="strict"),
        pytest.param("count=exact", Preferences(counting=Counting.EXACT), id="exact"),
        pytest.param("count=none", Preferences(counting=Counting.NONE), id="none"),
        pytest.param("count=all", NONE_GIVEN, id="unknown count"),
        pytest.param("respond-async, wait=100", NONE_GIVEN, id="unknown ones"),
        pytest.param("", NONE_GIVEN, id="empty"),
        pytest.param('=,;,"', NONE_GIVEN, id="punctuation"),
        pytest.param(
            "wait=1, handling=lenient, count=none, return=minimal",
            Preferences(is_minimal=True, is_lenient=True, counting=Counting.NONE),
            id="several",
        ),
    ],
)
def test_known_preferences_are_read_and_others_ignored(header, preferences):
    assert read_preferences(header) == preferences

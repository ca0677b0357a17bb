"""Kept pages: the last ones asked for, and none too large."""

from api.protocol.answers import Answer
from api.resources.page_cache import LARGEST_BODY, PageCache


def test_what_was_not_asked_for_longest_is_forgotten():
    cache, answers = PageCache(2), [Answer(200, {}, b"x") for _ in range(3)]
    cache.keep(0, answers[0])
    cache.keep(1, answers[1])
    cache.find(0)
    cache.keep(2, answers[2])
    assert [cache.find(key) for key in range(3)] == [answers[0], None, answers[2]]


def test_a_large_answer_is_not_kept():
    cache = PageCache(2)
    cache.keep("large", Answer(200, {}, b"x" * (LARGEST_BODY + 1)))
    assert cache.find("large") is None


def test_a_cache_of_no_size_keeps_nothing():
    cache = PageCache(0)
    cache.keep("any", Answer(200, {}, b"x"))
    assert cache.find("any") is None

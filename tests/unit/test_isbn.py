"""ISBNs: ten or thirteen digits, the last of which checks the others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from schemas.book import Isbn, is_isbn_10, is_isbn_13

DIGITS_9 = st.from_regex(r"[0-9]{9}", fullmatch=True)
FIELD = Isbn()


def isbn_10(digits):
    check = -sum(
        place * int(each) for place, each in zip(range(10, 1, -1), digits, strict=True)
    )
    return digits + "0123456789X"[check % 11]


def isbn_13(digits, prefix="978"):
    whole = prefix + digits
    weights = [1, 3] * 6
    total = sum(weight * int(each) for weight, each in zip(weights, whole, strict=True))
    return whole + str(-total % 10)


@given(DIGITS_9, st.data())
@settings(deadline=None, max_examples=100)
def test_one_wrong_digit_is_found(digits, data):
    for right, holds in ((isbn_10(digits), is_isbn_10), (isbn_13(digits), is_isbn_13)):
        place = data.draw(st.integers(0, len(right) - 1))
        digit = data.draw(st.sampled_from("0123456789").filter(right[place].__ne__))
        assert holds(right)
        assert not holds(right[:place] + digit + right[place + 1 :])


@given(DIGITS_9, st.integers(0, 8))
@settings(deadline=None, max_examples=100)
def test_two_digits_exchanged_are_found_in_an_isbn_10(digits, place):
    right = list(isbn_10(digits))
    right[place], right[place + 1] = right[place + 1], right[place]
    swapped = "".join(right)
    assert is_isbn_10(swapped) is (swapped == isbn_10(digits))


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("0306406152", "0306406152", id="10 digits"),
        pytest.param("0-306-40615-2", "0306406152", id="hyphens"),
        pytest.param("080442957X", "080442957X", id="X"),
        pytest.param("0-8044-2957-x", "080442957X", id="small x"),
        pytest.param("9780306406157", "9780306406157", id="13 digits"),
        pytest.param("978 0 306 40615 7", "9780306406157", id="blanks"),
        pytest.param(
            isbn_13("123456789", "979"), isbn_13("123456789", "979"), id="979"
        ),
    ],
)
def test_an_isbn_is_kept_without_hyphens(text, kept):
    assert FIELD.deserialize(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("0306406153", id="wrong check digit"),
        pytest.param("9780306406158", id="wrong check digit of 13"),
        pytest.param("030640615", id="too short"),
        pytest.param("03064061520", id="too long"),
        pytest.param("X306406152", id="X in front"),
        pytest.param("978080442957X", id="X in 13"),
        pytest.param(isbn_13("123456789", "977"), id="no Bookland"),
        pytest.param("٠٣٠٦٤٠٦١٥٢", id="other digits"),
        pytest.param("0306406152\n", id="line break"),
        pytest.param("", id="nothing"),
    ],
)
def test_what_does_not_check_is_refused(text):
    with pytest.raises(ValidationError) as caught:
        FIELD.deserialize(text)
    assert caught.value.messages[0].code == "isbn"

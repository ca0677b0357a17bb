"""Reviews: what a client may send and gets back."""

from collections.abc import Mapping
from typing import Any, ClassVar

from schemas.base import NounSchema, Whole, between, optional_text


class ReviewSchema(NounSchema):
    """What a reader says of a book."""

    example: ClassVar[Mapping[str, Any]] = {
        "rating": 5,
        "comment": "More about whales than I ever wished to know, and not enough.",
        "reviewer": "Ada",
    }

    id = Whole(dump_only=True)
    rating = Whole(required=True, validate=between(1, 5))
    comment = optional_text(5000)
    reviewer = optional_text(200)

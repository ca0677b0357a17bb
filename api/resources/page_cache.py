"""Pages that were written once, kept until their collection changes.

A page is kept under the number of its collection's last change, so a change makes all
pages of the collection forgotten, and what is found is never older than the database.
"""

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from api.protocol.answers import Answer

LARGEST_BODY = 64 * 1024
"""Larger answers are not kept, so that the memory for all of them is bounded."""


class PageCache:
    """The answers that were asked for last, `size` of them at most."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._answers: OrderedDict[Hashable, Answer] = OrderedDict()
        # Long searches are answered in threads of their own.
        self._lock = Lock()

    def find(self, key: Hashable) -> Answer | None:
        """The answer that was kept under the key, or None."""
        with self._lock:
            answer = self._answers.get(key)
            if answer is not None:
                self._answers.move_to_end(key)
            return answer

    def keep(self, key: Hashable, answer: Answer) -> None:
        """Keep the answer, and forget what was not asked for longest."""
        if len(answer.body) > LARGEST_BODY:
            return
        with self._lock:
            self._answers[key] = answer
            while len(self._answers) > self._size:
                self._answers.popitem(last=False)

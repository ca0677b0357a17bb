"""A key-value store: make a value, read it, replace it, delete it."""

import sys

from waymark_client import Missing, Waymark

with Waymark(sys.argv[1]) as store:
    item = store["wm:items"].post(key="username", value="Alice")
    print(item.state["value"])
    item = item.put(value="Bob")
    print(store.follow("wm:item", key="username").state["value"])
    item.delete()
    try:
        store.follow("wm:item", key="username")
    except Missing as gone:
        print(gone.title)

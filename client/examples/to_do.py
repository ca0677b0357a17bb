"""A to-do list: add two tasks, complete one, list, delete, list."""

import sys

from waymark_client import Waymark

with Waymark(sys.argv[1]) as office:
    tasks = office["wm:tasks"]
    learn = tasks.post(description="Learn REST APIs")
    build = tasks.post(description="Build a client")
    learn = learn.patch(complete=True)
    for task in tasks.refresh().items():
        print("x" if task.state["complete"] else " ", task.state["description"])
    learn.delete()
    print([task.state["description"] for task in tasks.refresh().items()])
    build.delete()

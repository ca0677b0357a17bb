# ruff: noqa: N999 - gunicorn wants the name
"""The ceiling's server process: Waymark's own settings, another application."""

import runpy
from pathlib import Path

_waymark = runpy.run_path(str(Path(__file__).parent.parent / "gunicorn.conf.py"))
globals().update(
    {name: each for name, each in _waymark.items() if not name.startswith("_")}
)

wsgi_app = "benchmarks.ceiling:create_app()"
bind = _waymark["bind"]
"""What WAYMARK_BIND says: whoever starts both gives each its own port."""


def when_ready(_server: object) -> None:
    """Say nothing: nobody is invited here."""

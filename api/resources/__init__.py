"""Falcon's resource classes: each verb is written once, in `base.py`."""

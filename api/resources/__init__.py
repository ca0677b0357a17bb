"""Falcon's resource classes: each verb is written once, for all nouns."""

"""The only package that talks to a database.

Functions here take a connection and are plain; `engine.Storage` runs them.
"""

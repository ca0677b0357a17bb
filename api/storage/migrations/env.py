"""How alembic runs a step: on a connection of ours, whole or not at all."""

from alembic import context

from api.storage.opening import exclusively

connection = context.config.attributes["connection"]
context.configure(connection=connection, render_as_batch=True)
with exclusively(connection):
    context.run_migrations()

"""How alembic runs a step: on a connection of ours, whole or not at all."""

from alembic import context

from api.storage.engine import driver_of

connection = context.config.attributes["connection"]
context.configure(connection=connection, render_as_batch=True)
driver = driver_of(connection)
driver.execute("BEGIN IMMEDIATE")
try:
    context.run_migrations()
except BaseException:
    driver.execute("ROLLBACK")
    raise
driver.execute("COMMIT")

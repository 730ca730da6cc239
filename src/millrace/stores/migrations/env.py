"""Alembic's entry: run the revisions on the connection that `sql.upgrade` holds."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, transactional_ddl=False)
context.run_migrations()

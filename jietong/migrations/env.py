"""Runs migrations on the connection that jietong.database.migrate hands over, inside its transaction.

Owns nothing else; there is no offline mode and no ini file. Rules: jietong/database.py.
"""

from alembic import context

context.configure(connection=context.config.attributes["connection"], target_metadata=None, transactional_ddl=True)
context.run_migrations()

"""Alembic migrations of the site's database: one file a step in versions/, run by jietong.database.migrate."""

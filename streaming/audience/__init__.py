"""Who is watching: noted in Redis, counted into the database."""

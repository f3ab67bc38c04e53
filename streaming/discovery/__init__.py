"""Being found: browsing, tags, the search, recommendations."""

"""Pages of one's own account: one file for each entry of its navigation."""

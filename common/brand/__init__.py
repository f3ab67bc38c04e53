"""What an installation is called, looks like, and says of itself on the pages about, terms, rules, privacy."""

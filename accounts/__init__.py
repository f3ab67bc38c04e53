"""Who someone is: user, login, profile, tokens."""

"""Small named tools that know no app."""

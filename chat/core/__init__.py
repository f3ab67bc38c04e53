"""What may be said: pure rules and messages, no sockets, no clock, no database."""

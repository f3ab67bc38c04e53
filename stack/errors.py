"""What can keep a stack from starting, said in one sentence to the person at the terminal."""


class StackError(Exception):
    """The stack cannot go on; the text says why and what to do."""

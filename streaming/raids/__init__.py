"""Where viewers go next: raids, and the channel that an offline one hosts."""

"""Numbers of the recording side, with their reasons."""

SHORTEST_SECONDS = 1.0  # what is shorter was no broadcast anyone wants to see again
SIGNAL_SECONDS = 5  # how long the signal gets before the schedule makes the recording itself
UNDO_DAYS = 7  # for so long a deleted recording can be brought back
FORGOTTEN_AFTER_SECONDS = 86_400  # a broadcast without a recording is looked at for a day
PURGED_AT_ONCE = 20  # recordings whose files one task removes

"""Numbers of notifications, with their units and reasons; what operators tune is in the settings."""

TEXT_MAX = 200  # characters of what is said: one or two lines in the list
DETAIL_MAX = 140  # characters below it: a broadcast's title is as long at most
PATH_MAX = 300  # characters of the page it leads to
ONCE_KEY_MAX = 80  # characters

NAMES_KEPT = 20  # of the people a collapsed one counts: enough not to count one twice who comes and goes
UNREAD_SHOWN_MAX = 99  # the badge says "99+" above it, and nobody counts further
LIST_PAGE = 30  # rows of the page; the popover shows the first of them
INBOX_MAX = 500  # rows of one person; the oldest go first

TELL_BATCH = 2_000  # people in one transaction: some 30 ms, so that nobody waits for a lock or a core of ours
TELL_PAUSE = 1.2  # of the time a batch took, before the next: pages and chat of the same machine go first
PUSH_BATCH = 200  # browsers in one task: some seconds of a worker's time at most
PUSHES_AT_ONCE = 10  # requests of one task under way
PUSH_GAP_SECONDS = 0.25  # after each: 40 a second by a task, 160 by a worker, a quarter of a core: chat goes first
PUSH_FAILURES_MAX = 10  # happenings in a row that a push service took none of, tries and all: the browser is forgotten
BROWSERS_MAX = 10  # of one person; a new one takes the place of the oldest
LABEL_MAX = 60  # characters
PRUNE_BATCH = 5_000  # rows deleted in one transaction
PRUNE_ROUNDS = 200  # batches in one run: a million rows; the rest waits for the next

PAGES_MAX = 20  # open sockets of one person at one process; a browser shares one among its tabs
HUB_RETRY_SECONDS = 1.0

DIGEST_GATHER_SECONDS = 120  # what happens within two minutes of the first goes into the same e-mail
DIGESTS_PER_RUN = 500  # the rest waits for the next minute: a mail server is not flooded
MAIL_STALE_SECONDS = 2 * 86_400  # what could not be sent for two days is no news any more

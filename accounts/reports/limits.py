"""Numbers of reports, with their units and reasons; how long handled ones are kept is a setting."""

TEXT_MAX = 1_000  # characters that a reporter may add: half a page
TITLE_MAX = 200  # characters of what is reported, in one line
FACT_LABEL_MAX, FACT_TEXT_MAX = 40, 2_000  # characters; what streamers and chatters write is no longer
FACTS_MAX = 12  # of one snapshot
PATH_MAX = 300  # characters of a page of this site
KEY_MAX = 40  # characters; a message's id has 36
NAME_MAX = 80  # characters of a name in an address: a login, and a message's id

REPORTS_PER_HOUR = 20  # of one person, changes of earlier ones included
OPEN_MAX = 100  # of one person: nobody fills the queue alone
SAME_SHOWN = 50  # other reports of the same, on the page of one
PRUNE_BATCH = 1_000  # rows deleted in one transaction
PRUNE_ROUNDS = 100  # batches in one run

"""What people report to the staff: a channel, a recording, a clip, a message, a person.

The apps above say what there is to report (`report_kind`, in their `reportable.py`); everything else is here.
"""

from accounts.reports.kinds import Fact, Subject, report_kind

__all__ = ["Fact", "Subject", "report_kind"]

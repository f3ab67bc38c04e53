"""Forms of reports: Charlie has reported Alice's recording, Erin nothing yet."""

from accounts.models import Report
from accounts.notifications.models import Notification
from tests.pages.plain.browser import Page
from tests.pages.plain.cases import Case, Fill, Stage, user


def of(login: str, kind: str) -> Report:
    return Report.objects.get(reporter=user(login), kind=kind, state="open")


def recording_is_fine(page: Page) -> Fill:
    return {"action": "dismiss", "_selected_action": [str(of("charlie", "video").pk)]}


def charlie_was_told(stage: Stage) -> bool:
    told = Notification.objects.of(user("charlie").pk).filter(happening__kind="report").first()
    return told is not None and "nothing against the rules" in told.happening.text


REPORTS: tuple[Case, ...] = (
    Case(
        "POST report", "/report/channel/{login}", "erin", fill={"reason": "hate", "text": "In the title."},
        says="What happens next", so=lambda _: of("erin", "channel").text == "In the title.",
        wrong={"reason": "other", "text": ""}, at="text", why="Say in a few words",
    ),
    Case("POST report", "/report/video/{video}", "charlie", fill={"reason": "hate"}, button="Change report",
         says="What happens next", so=lambda _: of("charlie", "video").text.startswith("The music")),
    Case("POST admin:accounts_report_changelist", "/admin/accounts/report/", "dora", fill=recording_is_fine,
         button="Go", says="1 dismissed", so=charlie_was_told),
)  # fmt: skip

"""What is stored about people: one file for each noun."""

from accounts.models.exports import DataExport
from accounts.models.invitations import Invitation
from accounts.models.names import FormerLogin
from accounts.models.tokens import ApiToken
from accounts.models.users import LOOKS_ALIKE, User, UserManager, skeleton_of
from accounts.notifications.models import (
    Happening,
    MailItem,
    Notification,
    NotificationPreference,
    PushSubscription,
)
from accounts.reports.models import Report

__all__ = [
    "LOOKS_ALIKE",
    "ApiToken",
    "DataExport",
    "FormerLogin",
    "Happening",
    "Invitation",
    "MailItem",
    "Notification",
    "NotificationPreference",
    "PushSubscription",
    "Report",
    "User",
    "UserManager",
    "skeleton_of",
]

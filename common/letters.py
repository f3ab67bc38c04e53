"""E-mails: written once, as plain text; sent as that and as HTML.

Paragraphs have an empty line between them. One that is a label ending in a colon, and below it an address, is the one
thing to do: a button in HTML.
"""

from dataclasses import dataclass

from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string

TEMPLATE = "letters/letter.html"


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Text, or (with an address) the button with this text."""

    text: str
    address: str = ""


def paragraphs_of(text: str) -> list[Paragraph]:
    """What a letter is made of."""
    found = []
    for block in text.replace("\r\n", "\n").strip().split("\n\n"):
        label, _, address = block.strip().partition(":\n")
        if address.startswith(("https://", "http://")) and not address.split()[1:]:
            found.append(Paragraph(label, address))
        elif block.strip():
            found.append(Paragraph(block.strip()))
    return found


def build_letter(*, to: str, subject: str, text: str, headers: dict[str, str] | None = None) -> EmailMultiAlternatives:
    """A mail to one person, ready to send."""
    mail = EmailMultiAlternatives(" ".join(subject.split()), text.strip() + "\n", to=[to], headers=headers)
    html = render_to_string(TEMPLATE, {"subject": mail.subject, "paragraphs": paragraphs_of(text)})
    mail.attach_alternative(html, "text/html")
    return mail

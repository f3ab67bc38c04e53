"""Signs a viewer in through the site's own form."""

from bench.browser import Viewer
from bench.stack import Person, Stack


def sign_in(stack: Stack, viewer: Viewer, person: Person) -> None:
    viewer.open(f"{stack.url}/accounts/login/")
    viewer.page.locator("input[name=login]").fill(person.login)
    password = viewer.page.locator("input[name=password]")
    password.fill(person.password)
    password.press("Enter")
    viewer.page.wait_for_url(lambda url: "/accounts/login" not in url)

"""Routes of reports."""

from django.urls import path

from accounts.reports import api, pages

urlpatterns = [
    # /report/…
    path("report/<slug:kind>/<str:name>", pages.report, name="report"),
    path("report/<slug:kind>/<slug:key>/sent", pages.report_sent, name="report_sent"),
    # /api/v1/reports
    path("api/v1/reports", api.reports, name="api_reports"),
]

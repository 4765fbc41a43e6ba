"""Draft public-records requests for what a record does not show; see `docs/reconcile.md`."""

from gatehouse.audit.requests.drafts import draft_requests
from gatehouse.audit.requests.laws import RecordsLaw, records_law

__all__ = ["RecordsLaw", "draft_requests", "records_law"]

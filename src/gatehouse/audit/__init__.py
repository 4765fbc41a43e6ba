"""The judgement of other networks' records: figures, findings, reconciliation, reports."""

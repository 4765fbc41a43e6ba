"""The judgment of other networks' records: figures, findings, reconciliation, reports."""

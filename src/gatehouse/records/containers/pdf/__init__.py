"""Text-layer PDFs of audits: the table that was printed, read back record by record."""

from gatehouse.records.containers.pdf.source import PdfSource, open_pdf

__all__ = ["PdfSource", "open_pdf"]

"""Files that hold tables inside of something else: workbooks, archives, PDFs."""

"""`gatehouse audit`."""

import typer

app = typer.Typer()

"""`gatehouse records`."""

import typer

app = typer.Typer()

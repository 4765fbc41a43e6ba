"""The portal's strings, by language. English is complete; a test holds every other language to its keys."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Final

LANGUAGES: Final = ("en", "es")


@cache
def catalogue(language: str) -> Mapping[str, str]:
    """Return the strings of a language by their keys."""
    text = files("gatehouse.web.portal").joinpath(f"{language}.toml").read_text(encoding="utf-8")
    return {
        f"{section}.{key}": string
        for section, strings in tomllib.loads(text).items()
        for key, string in strings.items()
    }


class Words:
    """The strings of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._strings = catalogue(language)

    def __call__(self, key: str, **values: object) -> str:
        """Return a string with its values; a key that is not there is a `KeyError`."""
        return self._strings[key].format(**values)

    def of(self, section: str, code: str | None) -> str:
        """Return the words for a code, or the code itself where there are none."""
        return self._strings.get(f"{section}.{code}", code or "")

    def template(self, key: str) -> str:
        """Return a string with its braces, for who fills them in elsewhere."""
        return self._strings[key]

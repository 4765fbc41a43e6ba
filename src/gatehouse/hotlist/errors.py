"""Why a hotlist does not do what it is asked.

BadInput
+-- ListUnreadable  a file is no list that can be read
+-- ListEmpty       a full list without a row that is taken
+-- UnknownEntry    there is no entry, hit or source of this id, or it is not this agency's
BadUse
+-- WrongStep       a step that cannot follow the state in which an entry or a hit is
+-- ListShrinks     a full list would end nearly all of its source, and nobody has said that it should
VerificationFailed
+-- SealBroken      what is kept of a hotlist does not open: it was changed, or the key is another
Refused             (`gatehouse.search.errors`) a rule stands against it
"""

from __future__ import annotations

from gatehouse.model import BadInput, BadUse, VerificationFailed


class ListUnreadable(BadInput):
    """A file is no list that can be read."""


class ListEmpty(BadInput):
    """A full list without a row that is taken."""


class UnknownEntry(BadInput):
    """There is no entry, hit or source of this id, or it is not this agency's."""


class WrongStep(BadUse):
    """A step cannot follow the state in which an entry or a hit is."""


class ListShrinks(BadUse):
    """A full list would end nearly all of its source, and nobody has said that it should."""


class SealBroken(VerificationFailed):
    """What is kept of a hotlist does not open: it was changed, or the key is another."""

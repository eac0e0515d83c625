"""Data keys of files, wrapped under a scope's key: destroying the scope's key makes the files unreadable."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from airflow_privacy.core.errors import VerificationError
from airflow_privacy.core.keyring.ring import Keyring
from airflow_privacy.core.keyring.values import DerivedKey
from airflow_privacy.core.keyring.wrap import RootWrapper

TECHNIQUE = "encryption"
_NAME = re.compile(r"(?P<id>[0-9a-f]{16})\.v(?P<version>[1-9][0-9]{0,8})")


@dataclass(frozen=True)
class FileKeys:
    """Wraps the data keys of a scope's files. A wrapped key is bound to the scope, and to the id and version of its key.

    Keys are unwrapped from the keyring when they are first needed and kept as long as this value.
    """

    keyring: Keyring = field(repr=False)
    scope: str
    _opened: dict[int | None, DerivedKey] = field(default_factory=dict, repr=False, compare=False)

    def current(self) -> str:
        """The name of the key for new files: ``<id>.v<version>``.

        :raises KeyUnavailable: there is none (``scope-key-missing``), or it was destroyed (``key-destroyed``).
        :raises KeyServiceUnavailable: the root's key service did not answer.
        """
        key = self._key(None)
        return f"{key.id}.v{key.version}"

    def wrap(self, data_key: bytes, name: str) -> bytes:
        """*data_key* under the key called *name*. Raises as :meth:`current`."""
        return self._wrapper(name).wrap(data_key, self._context(name))

    def unwrap(self, wrapped: bytes, name: str) -> bytes:
        """What :meth:`wrap` was given. Raises as :meth:`current`.

        :raises KeyUnavailable: ``key-not-unwrapped``: it is of another scope, or was changed.
        """
        return self._wrapper(name).unwrap(wrapped, self._context(name))

    def _wrapper(self, name: str) -> RootWrapper:
        match = _NAME.fullmatch(name)
        if match is None:
            raise VerificationError("malformed-key-name", "A file names its key in no known form")
        return RootWrapper(self._key(int(match["version"])).secret, name=TECHNIQUE)

    def _key(self, version: int | None) -> DerivedKey:
        if version not in self._opened:
            self._opened[version] = self.keyring.technique_key(self.scope, TECHNIQUE, version)
        return self._opened[version]

    def _context(self, name: str) -> dict[str, str | int]:
        return {"what": "airflow-privacy data key", "scope": self.scope, "key": name}

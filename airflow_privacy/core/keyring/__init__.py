"""The keyring: scope keys for masking and for files at rest, Ed25519 keys for signing."""

from airflow_privacy.core.keyring.file_keys import FileKeys
from airflow_privacy.core.keyring.ring import (
    Keyring,
    destroy_scope,
    init_keys,
    list_keys,
    open_keyring,
    public_keys,
    rotate_scope,
)
from airflow_privacy.core.keyring.scopes import KeyInfo
from airflow_privacy.core.keyring.values import DerivedKey, PublicKey, ScopeKey, Secret, Signer
from airflow_privacy.core.keyring.wrap import RootWrapper, Wrapper

__all__ = [
    "DerivedKey",
    "FileKeys",
    "KeyInfo",
    "Keyring",
    "PublicKey",
    "RootWrapper",
    "ScopeKey",
    "Secret",
    "Signer",
    "Wrapper",
    "destroy_scope",
    "init_keys",
    "list_keys",
    "open_keyring",
    "public_keys",
    "rotate_scope",
]

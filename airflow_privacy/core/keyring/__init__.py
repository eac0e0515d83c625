"""The local keyring: scope keys for masking, Ed25519 keys for signing."""

from airflow_privacy.core.keyring.ring import Keyring, init_keys, open_keyring, public_keys
from airflow_privacy.core.keyring.values import DerivedKey, PublicKey, ScopeKey, Secret, Signer

__all__ = ["DerivedKey", "Keyring", "PublicKey", "ScopeKey", "Secret", "Signer", "init_keys", "open_keyring", "public_keys"]

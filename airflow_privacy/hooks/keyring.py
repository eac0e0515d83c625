"""Where the root key lies that wraps scope keys: beside them, in an Airflow connection, or in AWS KMS.

``[privacy] keyring`` names it:

``local``
    ``<privacy home>/keyring/root``.
``connection://<conn_id>``
    The password of a connection, from any secrets backend: 32 bytes in hexadecimal or base64.
``aws-kms://<conn_id>/<key>``
    A symmetric key of AWS KMS: id, ARN or ``alias/<name>``. Without ``<conn_id>`` by ``aws_default`` or the worker's own rights.

The wrapped keys, and the signing keys, lie in the privacy home with each of them. With KMS the encryption context is the key's
scope, version, id and time, so that a key policy can grant one scope to one role and CloudTrail shows which was unwrapped; scope
names are in the clear there. Nothing is opened before a key is needed: a task that only signs needs no right to the root.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Protocol, SupportsIndex

from airflow.sdk import BaseHook

from airflow_privacy.core.errors import BadInput, KeyServiceUnavailable, KeyUnavailable, PrivacyError

if TYPE_CHECKING:
    from airflow_privacy.core.keyring.wrap import Context, Wrapper

_OPTION = re.compile(r"(?:connection://(?P<root>[^/\s]+)|aws-kms://(?P<login>[^/\s]*)/(?P<key>\S+))")
ROOT_IN_CONNECTION = "connection"
_ROOT_BYTES = 32
_SERVICE_ERRORS = ("botocore", "boto3", "urllib3", "s3transfer")
# What a later try may change; everything else that KMS answers is decided.
_AGAIN = (
    "ThrottlingException", "Throttling", "RequestLimitExceeded", "LimitExceededException", "KMSInternalException",
    "InternalFailure", "DependencyTimeoutException", "KeyUnavailableException", "ServiceUnavailable",
    "ServiceUnavailableException", "RequestTimeout", "500", "503",
)  # fmt: skip
_DIFFERENT = ("InvalidCiphertextException", "IncorrectKeyException")


class KeyringHook(BaseHook):
    """The connection that holds a root key as its password; nothing is connected to.

    :param conn_id: the connection.
    """

    conn_name_attr = "conn_id"
    default_conn_name = "privacy_keyring"
    conn_type = "privacy_keyring"
    hook_name = "Privacy keyring"

    def __init__(self, conn_id: str = default_conn_name) -> None:
        super().__init__()
        self.conn_id = conn_id

    @classmethod
    def get_ui_field_behaviour(cls) -> dict[str, Any]:
        """The form asks for the root key alone."""
        return {
            "hidden_fields": ["host", "schema", "port", "login", "extra"],
            "relabeling": {"password": "Root key"},
            "placeholders": {"password": "32 bytes, hexadecimal or base64: openssl rand -base64 32"},
        }

    def get_conn(self) -> Wrapper:
        """The root key, as what wraps keys.

        :raises KeyUnavailable: there is no such connection, or its password is no root key.
        :raises KeyServiceUnavailable: the secrets backend did not answer.
        """
        from airflow_privacy.core.keyring.values import Secret
        from airflow_privacy.core.keyring.wrap import RootWrapper

        octets = _root_octets(_password(self.conn_id))
        if octets is None:
            raise KeyUnavailable(
                "root-key-malformed",
                f"The connection's password is not {_ROOT_BYTES} bytes in hexadecimal or base64",
                where=f"connection {self.conn_id}",
                do="Make one with: openssl rand -base64 32.",
            )
        return RootWrapper(Secret(octets), name=ROOT_IN_CONNECTION)


class ConnectionWrapper:
    """A connection's root key, read anew for each key that it wraps or unwraps."""

    __slots__ = ("_connection",)

    def __init__(self, connection: str) -> None:
        self._connection = connection

    def __repr__(self) -> str:
        return f"ConnectionWrapper({self._connection})"

    @property
    def name(self) -> str:
        return ROOT_IN_CONNECTION

    def wrap(self, octets: bytes, context: Context) -> bytes:
        return KeyringHook(self._connection).get_conn().wrap(octets, context)

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        return KeyringHook(self._connection).get_conn().unwrap(wrapped, context)


class KmsClient(Protocol):
    """What is used of boto3's client."""

    def encrypt(self, **kwargs: Any) -> Any: ...
    def decrypt(self, **kwargs: Any) -> Any: ...


class KmsWrapper:
    """Envelope encryption by one symmetric key of AWS KMS.

    :param client: makes boto3's client, or one like it, when it is first needed.
    :param key: key id, ARN, or ``alias/<name>``. An alias that is pointed at another key unwraps nothing that the former wrapped;
        KMS's own rotation of the key's material does no harm.
    """

    __slots__ = ("_client", "_key")

    def __init__(self, client: Callable[[], KmsClient], key: str) -> None:
        self._client = cache(client)
        self._key = key

    def __repr__(self) -> str:
        return f"KmsWrapper({self._key})"

    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise TypeError("A key service's client cannot be pickled or copied: open the keyring where the key is used")

    @property
    def name(self) -> str:
        return "aws-kms"

    def wrap(self, octets: bytes, context: Context) -> bytes:
        """KMS ``Encrypt``. Not ``GenerateDataKey``: the key's id is derived from the key, and belongs to the context."""
        return bytes(self._call("encrypt", context, Plaintext=octets)["CiphertextBlob"])

    def unwrap(self, wrapped: bytes, context: Context) -> bytes:
        """KMS ``Decrypt`` with this very key: another key of the account does not do."""
        return bytes(self._call("decrypt", context, CiphertextBlob=wrapped)["Plaintext"])

    def _call(self, verb: Literal["encrypt", "decrypt"], context: Context, **given: bytes) -> Mapping[str, Any]:
        bound = {name: str(value) for name, value in context.items()}
        try:
            client = self._client()
            call = client.encrypt if verb == "encrypt" else client.decrypt
            answer: Mapping[str, Any] = call(KeyId=self._key, EncryptionContext=bound, **given)
        except Exception as error:
            failure = self._translated(error)
            if failure is None:
                raise
        else:
            return answer
        raise failure from None

    def _translated(self, error: Exception) -> PrivacyError | None:
        """Only the error's code gets through: its text may hold addresses and account numbers."""
        from airflow_privacy.core.keyring.wrap import NOT_UNWRAPPED

        where = f"AWS KMS key {self._key}"
        answer = getattr(error, "response", None)
        if isinstance(answer, dict):
            code = str(answer.get("Error", {}).get("Code", ""))
            if code in _DIFFERENT:
                return KeyUnavailable(NOT_UNWRAPPED, "The wrapped key is not one that this KMS key wrapped", where=where)
            if code in _AGAIN:
                return KeyServiceUnavailable("key-service-failed", f"AWS KMS did not do it: {code}", where=where, do="Try again.")
            return KeyUnavailable(
                "key-service-denied", f"AWS KMS refuses the key: {code}", where=where, do="Check the key's state and its policy."
            )
        if type(error).__name__ in ("NoCredentialsError", "PartialCredentialsError", "NoRegionError"):
            return KeyUnavailable("key-service-denied", f"AWS KMS cannot be asked: {type(error).__name__}", where=where)
        if type(error).__module__.partition(".")[0] in _SERVICE_ERRORS or isinstance(error, OSError):
            kind = type(error).__name__
            return KeyServiceUnavailable("key-service-failed", f"AWS KMS did not answer: {kind}", where=where, do="Try again.")
        return None


def key_wrapper(option: str) -> Wrapper | None:
    """The root that ``[privacy] keyring`` names; ``None`` for ``local``.

    :raises BadInput: the option is none of the forms.
    """
    if option in ("", "local"):
        return None
    match = _OPTION.fullmatch(option)
    if match is None:
        raise BadInput(
            "bad-keyring-option",
            "The keyring is none of local, connection://<conn_id>, aws-kms://<conn_id>/<key>",
            where="[privacy] keyring",
        )
    if match["root"]:
        return ConnectionWrapper(match["root"])
    return KmsWrapper(partial(_kms_client, match["login"]), match["key"])


def _kms_client(connection: str) -> KmsClient:
    from airflow.providers.amazon.aws.hooks.base_aws import AwsBaseHook

    if connection:
        _connection(connection)  # AwsBaseHook falls back to the worker's own rights without a word
    client: KmsClient = AwsBaseHook(aws_conn_id=connection or "aws_default", client_type="kms").get_conn()
    return client


def _password(connection: str) -> str:
    return (_connection(connection).password or "").strip()


def _connection(connection: str) -> Any:
    from airflow.sdk.exceptions import AirflowNotFoundException

    failure: PrivacyError
    try:
        return BaseHook.get_connection(connection)
    except AirflowNotFoundException:
        failure = KeyUnavailable(
            "no-connection",
            f"There is no connection {connection!r}",
            where="[privacy] keyring",
            do="Create it, and let the workers that may use keys read it.",
        )
    except Exception as error:  # noqa: BLE001 - secrets backends raise what they like, and their text may hold secrets
        failure = KeyServiceUnavailable(
            "key-service-failed", f"The connection cannot be read: {type(error).__name__}", where=f"connection {connection}"
        )
    raise failure from None


def _root_octets(text: str) -> bytes | None:
    for decode in (bytes.fromhex, lambda given: base64.b64decode(given.translate(_URL_SAFE), validate=True)):
        try:
            octets = decode(text)
        except (ValueError, binascii.Error):
            continue
        if len(octets) == _ROOT_BYTES:
            return octets
    return None


_URL_SAFE = str.maketrans("-_", "+/")

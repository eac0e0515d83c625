"""Validations by the class name of Presidio's predefined recognizer.

Each takes texts that one of that recognizer's patterns matched (``String``, no nulls, ASCII) and gives what its
``validate_result`` or ``invalidate_result`` returns for each: true, false, or null for ``None``. For other ASCII texts the
answers mean nothing; a text that is not ASCII raises ``ValueError`` or is answered wrong: such texts go to Presidio itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypeAlias

import polars as pl

from airflow_privacy.core.detect.validate import internet, payment, united_states

Validation: TypeAlias = Callable[[pl.Series], pl.Series]

VALIDATORS: Mapping[str, Validation] = MappingProxyType(
    {
        "AbaRoutingRecognizer": payment.routing,
        "CreditCardRecognizer": payment.card,
        "CryptoRecognizer": internet.bitcoin,
        "EmailRecognizer": internet.mail,
        "IbanRecognizer": payment.iban,
        "MedicalLicenseRecognizer": united_states.prescriber,
        "UsNpiRecognizer": united_states.provider,
    }
)

INVALIDATORS: Mapping[str, Validation] = MappingProxyType(
    {
        "IpRecognizer": internet.no_ip,
        "MacAddressRecognizer": internet.no_mac,
        "UsNpiRecognizer": united_states.no_provider,
        "UsSsnRecognizer": united_states.no_ssn,
        "UuidRecognizer": internet.no_uuid,
    }
)

#: Recognizers whose texts Presidio itself must validate, with the reason.
LEFT_TO_PRESIDIO: Mapping[str, str] = MappingProxyType(
    {
        "AuAbnRecognizer": "not vectorised yet",
        "AuAcnRecognizer": "not vectorised yet",
        "AuMedicareRecognizer": "not vectorised yet",
        "AuTfnRecognizer": "not vectorised yet",
        "CaSinRecognizer": "not vectorised yet",
        "DeBsnrRecognizer": "not vectorised yet",
        "DeHealthInsuranceRecognizer": "not vectorised yet",
        "DeIdCardRecognizer": "not vectorised yet",
        "DeLanrRecognizer": "not vectorised yet",
        "DePassportRecognizer": "not vectorised yet",
        "DeSocialSecurityRecognizer": "not vectorised yet",
        "DeTaxIdRecognizer": "not vectorised yet",
        "DeVatIdRecognizer": "not vectorised yet",
        "EsNieRecognizer": "not vectorised yet",
        "EsNifRecognizer": "not vectorised yet",
        "FiPersonalIdentityCodeRecognizer": "not vectorised yet",
        "InAadhaarRecognizer": "not vectorised yet",
        "InGstinRecognizer": "not vectorised yet",
        "InVehicleRegistrationRecognizer": "not vectorised yet",
        "ItFiscalCodeRecognizer": "not vectorised yet",
        "ItVatCodeRecognizer": "not vectorised yet",
        "KrBrnRecognizer": "not vectorised yet",
        "KrDriverLicenseRecognizer": "not vectorised yet",
        "KrFrnRecognizer": "not vectorised yet",
        "KrRrnRecognizer": "not vectorised yet",
        "NgNinRecognizer": "not vectorised yet",
        "NhsRecognizer": "not vectorised yet",
        "PhTinRecognizer": "not vectorised yet",
        "PlPeselRecognizer": "not vectorised yet",
        "SeOrganisationsnummerRecognizer": "not vectorised yet",
        "SePersonnummerRecognizer": "not vectorised yet",
        "SgUenRecognizer": "not vectorised yet",
        "ThTninRecognizer": "not vectorised yet",
        "TrLicensePlateRecognizer": "not vectorised yet",
        "TrNationalIdRecognizer": "not vectorised yet",
        "UkDrivingLicenceRecognizer": "not vectorised yet",
        "UkVehicleRegistrationRecognizer": "not vectorised yet",
        "ZaCompanyRegistrationRecognizer": "not vectorised yet",
        "ZaDriverLicenseRecognizer": "not vectorised yet",
        "ZaIdNumberRecognizer": "not vectorised yet",
        "ZaIncomeTaxNumberRecognizer": "not vectorised yet",
        "ZaLicensePlateRecognizer": "not vectorised yet",
        "ZaPassportRecognizer": "not vectorised yet",
        "ZaTrafficRegisterNumberRecognizer": "not vectorised yet",
        "ZaVatNumberRecognizer": "not vectorised yet",
    }
)

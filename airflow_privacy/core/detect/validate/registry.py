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

from airflow_privacy.core.detect.validate import (
    africa,
    asia,
    australia,
    germany,
    india,
    internet,
    north_america,
    northern_europe,
    payment,
    southern_europe,
)
from airflow_privacy.core.detect.validate.letters import in_blocks

Validation: TypeAlias = Callable[[pl.Series], pl.Series]

#: Validations here that run Python, and on what: slow where most texts differ.
IN_PYTHON: Mapping[str, str] = MappingProxyType(
    {
        "CryptoRecognizer": "Presidio's own method once a distinct text: SHA-256 and Bech32 are no sums over positions",
        "EmailRecognizer": "tldextract once a distinct host below a top level that has further public suffixes",
    }
)


def _fast(validations: dict[str, Validation]) -> Mapping[str, Validation]:
    return MappingProxyType({name: one if name in IN_PYTHON else in_blocks(one) for name, one in validations.items()})


VALIDATORS: Mapping[str, Validation] = _fast(
    {
        "AbaRoutingRecognizer": payment.routing,
        "AuAbnRecognizer": australia.business,
        "AuAcnRecognizer": australia.company,
        "AuMedicareRecognizer": australia.medicare,
        "AuTfnRecognizer": australia.tax_file,
        "CreditCardRecognizer": payment.card,
        "CryptoRecognizer": internet.bitcoin,
        "DeBsnrRecognizer": germany.practice,
        "DeHealthInsuranceRecognizer": germany.health_insurance,
        "DeIdCardRecognizer": germany.identity_card,
        "DeLanrRecognizer": germany.physician,
        "DePassportRecognizer": germany.passport,
        "DeSocialSecurityRecognizer": germany.pension_insurance,
        "DeTaxIdRecognizer": germany.tax_id,
        "DeVatIdRecognizer": germany.vat_id,
        "EmailRecognizer": internet.mail,
        "EsNieRecognizer": southern_europe.nie,
        "EsNifRecognizer": southern_europe.nif,
        "FiPersonalIdentityCodeRecognizer": northern_europe.finnish_identity,
        "IbanRecognizer": payment.iban,
        "InAadhaarRecognizer": india.aadhaar,
        "InGstinRecognizer": india.goods_and_services_tax,
        "InVehicleRegistrationRecognizer": india.vehicle,
        "ItFiscalCodeRecognizer": southern_europe.fiscal_code,
        "ItVatCodeRecognizer": southern_europe.vat,
        "KrBrnRecognizer": asia.korean_business,
        "KrDriverLicenseRecognizer": asia.korean_driver,
        "KrFrnRecognizer": asia.korean_foreigner,
        "KrRrnRecognizer": asia.korean_resident,
        "MedicalLicenseRecognizer": north_america.prescriber,
        "NgNinRecognizer": africa.nigerian_person,
        "NhsRecognizer": northern_europe.british_patient,
        "PlPeselRecognizer": northern_europe.polish_person,
        "SeOrganisationsnummerRecognizer": northern_europe.swedish_organisation,
        "SePersonnummerRecognizer": northern_europe.swedish_person,
        "SgUenRecognizer": asia.singaporean_entity,
        "ThTninRecognizer": asia.thai_person,
        "TrLicensePlateRecognizer": asia.turkish_vehicle,
        "TrNationalIdRecognizer": asia.turkish_person,
        "UkDrivingLicenceRecognizer": northern_europe.british_driver,
        "UkVehicleRegistrationRecognizer": northern_europe.british_vehicle,
        "UsNpiRecognizer": north_america.provider,
        "ZaCompanyRegistrationRecognizer": africa.company,
        "ZaDriverLicenseRecognizer": africa.driver,
        "ZaIdNumberRecognizer": africa.identity,
        "ZaIncomeTaxNumberRecognizer": africa.shape_alone,
        "ZaLicensePlateRecognizer": africa.plate,
        "ZaPassportRecognizer": africa.shape_alone,
        "ZaTrafficRegisterNumberRecognizer": africa.traffic_register,
        "ZaVatNumberRecognizer": africa.shape_alone,
    }
)

INVALIDATORS: Mapping[str, Validation] = _fast(
    {
        "CaSinRecognizer": north_america.no_social_insurance,
        "IpRecognizer": internet.no_ip,
        "MacAddressRecognizer": internet.no_mac,
        "PhTinRecognizer": asia.no_philippine_taxpayer,
        "UsNpiRecognizer": north_america.no_provider,
        "UsSsnRecognizer": north_america.no_ssn,
        "UuidRecognizer": internet.no_uuid,
    }
)

#: Recognizers whose texts Presidio itself must validate, with the reason. None at present.
LEFT_TO_PRESIDIO: Mapping[str, str] = MappingProxyType({})

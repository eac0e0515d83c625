"""The operators, in the order in which a release runs through them."""

from airflow_privacy.operators.contract import CheckContractOperator
from airflow_privacy.operators.detect import DetectPiiOperator
from airflow_privacy.operators.erase import EraseSubjectOperator
from airflow_privacy.operators.gate import ApprovalGateOperator
from airflow_privacy.operators.ledger import VerifyLedgerOperator
from airflow_privacy.operators.mask import MaskOperator
from airflow_privacy.operators.plan import PlanMaskingOperator
from airflow_privacy.operators.purge import RetentionPurgeOperator
from airflow_privacy.operators.reidentify import ReidentificationGateOperator, ReidentifyOperator
from airflow_privacy.operators.risk import AssessRiskOperator
from airflow_privacy.operators.training import RegisterTrainingInputOperator
from airflow_privacy.operators.transfer import TransferOperator

__all__ = [
    "CheckContractOperator",
    "DetectPiiOperator",
    "PlanMaskingOperator",
    "MaskOperator",
    "AssessRiskOperator",
    "ApprovalGateOperator",
    "TransferOperator",
    "RegisterTrainingInputOperator",
    "ReidentificationGateOperator",
    "ReidentifyOperator",
    "EraseSubjectOperator",
    "RetentionPurgeOperator",
    "VerifyLedgerOperator",
]

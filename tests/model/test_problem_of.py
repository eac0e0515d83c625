"""Words of the operating system, without the paths that libraries add."""

from __future__ import annotations

import errno

from airflow_privacy.core.errors import problem_of


def test_a_librarys_words_with_a_path_are_not_repeated() -> None:
    error = OSError(errno.ENOENT, "cannot open /data/mail=anna@mail.example/part.parquet")
    assert problem_of(error) == "No such file or directory"


def test_an_error_without_a_number_is_named_by_its_kind() -> None:
    assert problem_of(TimeoutError("anna@mail.example")) == "TimeoutError"

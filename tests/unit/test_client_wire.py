"""The client's own copy of the service's shapes and codes, held against the service's."""

import dataclasses
from datetime import UTC, datetime
from typing import Any, get_args, get_type_hints

import pytest

from api.app import bare_app
from api.openapi import document
from modelferry import codes, errors, types
from modelferry.wire import plain, read
from shared.domain import errors as service_errors
from tests.support import answers

SCHEMAS: dict[str, Any] = document(bare_app())["components"]["schemas"]

SHAPES = [
    each
    for name, each in vars(types).items()
    if dataclasses.is_dataclass(each) and each.__module__.startswith(f"{types.__name__}.")
]


@pytest.mark.parametrize("shape", SHAPES, ids=lambda each: each.__name__)
def test_a_shape_is_that_of_the_openapi_document(shape: Any) -> None:
    schema = SCHEMAS[shape.__name__]
    mine = {each.name: each for each in dataclasses.fields(shape)}
    theirs = schema["properties"]
    assert set(mine) == set(theirs), "one of the two has a field that the other lacks"
    for name, hint in get_type_hints(shape).items():
        assert (type(None) in get_args(hint)) == _nullable(theirs[name]), name
    needed = {name for name, each in mine.items() if _required(each)}
    assert needed <= set(schema["required"]), "a field may be missing from an answer"


def _required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _nullable(schema: Any) -> bool:
    return {"type": "null"} in schema.get("anyOf", ())


def test_every_code_of_the_service_has_a_class_in_its_band() -> None:
    mine = {each.code: each for each in codes.every_error()}
    for theirs in service_errors.every_error():
        assert theirs.code in mine, theirs.__name__
        assert mine[theirs.code].band == theirs.band.value, theirs.__name__


def test_the_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn = errors.__doc__ or ""
    for each in codes.every_error():
        assert f" {each.__name__} " in drawn, each.__name__
        if each not in {errors.Yours, errors.Ours, errors.Passing}:
            assert f" {each.code}" in drawn, each.code


def test_codes_are_unique() -> None:
    every = [each.code for each in codes.every_error()]
    assert len(every) == len(set(every))


def test_an_unknown_code_is_raised_as_its_band() -> None:
    assert codes.error_class("from_the_future", "passing") is errors.Passing
    assert codes.error_class("from_the_future", "strange") is errors.Ours


def test_a_job_is_read_and_written_back() -> None:
    job = read(types.JobView, answers.job())
    assert job.ended
    assert job.created_at == datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert job.steps[0].title == "inspect keras"
    assert plain(job)["steps"][0]["started_at"] == "2026-11-23T12:00:00+00:00"


def test_a_field_from_the_future_is_ignored() -> None:
    assert read(types.ModelView, answers.model(colour="blue")).id == "m1"


def test_a_missing_field_is_named() -> None:
    told = answers.model()
    del told["digest"]
    with pytest.raises(errors.BadAnswer, match=r"ModelView\.digest is missing"):
        read(types.ModelView, told)


@pytest.mark.parametrize(
    "wrong", [{"size": "big"}, {"created_at": "soon"}, {"name": None}, {"inspection": 3}]
)
def test_a_field_of_another_kind_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(errors.BadAnswer):
        read(types.ModelView, answers.model(**wrong))

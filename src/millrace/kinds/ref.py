"""References as typed fields: they become typed ports and completed names."""

from typing import Annotated

from pydantic import AfterValidator, Field

from millrace.core.ids import check_name, parse_ref


def _kind(kind: str) -> AfterValidator:
    def check(value: str) -> str:
        try:
            return str(parse_ref(value, kind))
        except Exception as error:
            raise ValueError(str(error)) from error

    return AfterValidator(check)


def _name(value: str) -> str:
    try:
        return check_name(value)
    except Exception as error:
        raise ValueError(str(error)) from error


DatasetRef = Annotated[
    str, _kind("dataset"), Field(max_length=140, json_schema_extra={"port": "dataset"})
]
ModelRef = Annotated[
    str, _kind("model"), Field(max_length=140, json_schema_extra={"port": "model"})
]
LabelSetRef = Annotated[
    str, _kind("labelset"), Field(max_length=140, json_schema_extra={"port": "labelset"})
]
IndexRef = Annotated[
    str, _kind("index"), Field(max_length=140, json_schema_extra={"port": "index"})
]
DeploymentRef = Annotated[
    str, _kind("deployment"), Field(max_length=140, json_schema_extra={"port": "deployment"})
]
PipelineRef = Annotated[
    str, _kind("pipeline"), Field(max_length=140, json_schema_extra={"port": "pipeline"})
]
Name = Annotated[str, AfterValidator(_name), Field(max_length=64)]

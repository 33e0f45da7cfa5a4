"""Nodes of TensorFlow graphs, which `tf.keras` 2.0 to 2.3 saved in its TensorFlowOpLayer."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from kscaffold.saved.legacy.operations import find_operation
from kscaffold.saved.names import Malformed, text

# What nodes say beside what they compute.
LEFT_OUT = (
    "T", "TI", "Tdim", "Tidx", "Tindices", "Tk", "Tlen", "Tmultiples", "Tpaddings", "Tparams", "Tperm", "Tshape",
    "Taxis", "Index", "SrcT", "N", "Truncate", "_cloned", "_output_shapes", "explicit_paddings", "index_type", "num",
    "incompatible_shape_error", "out_type", "output_type", "type", "use_cudnn_on_gpu", "validate_shape",
)  # fmt: skip
DTYPES = {
    "DT_FLOAT": "float32", "DT_DOUBLE": "float64", "DT_HALF": "float16", "DT_BFLOAT16": "bfloat16", "DT_INT8": "int8",
    "DT_INT16": "int16", "DT_INT32": "int32", "DT_INT64": "int64", "DT_UINT8": "uint8", "DT_UINT16": "uint16",
    "DT_BOOL": "bool", "DT_STRING": "string",
}  # fmt: skip


def node_arguments(config: Mapping[str, Any], values: Sequence[Any]) -> tuple[str, list[Any], dict[str, Any]]:
    """What a node computes, its inputs, and its attributes as arguments.

    Args:
        config: The config of the layer.
        values: The values that it is called with; its constants come between them.
    """
    node = config["node_def"]
    if not isinstance(node, dict):
        raise Malformed("the node of a TensorFlowOpLayer is not a dictionary")
    operation = text(node["op"])
    inputs = [*values]
    constants = config.get("constants") or {}
    for index in sorted(constants, key=int):
        inputs.insert(int(index), constants[index])
    row = find_operation(operation, "nodes")
    attributes = {name: _attribute(value) for name, value in (node.get("attr") or {}).items()}
    if row is None:
        return operation, inputs, {name: value for name, value in attributes.items() if name not in LEFT_OUT}
    given = {name: value for name, value in attributes.items() if name in row.takes or name not in LEFT_OUT}
    if row.variadic and "axis" in row.takes and "axis" not in given:
        return operation, inputs[:-1], {**given, "axis": inputs[-1]}  # an input behind any number of others
    return operation, inputs, given


def _attribute(value: Any) -> Any:
    """An attribute of a node as a value of Python."""
    if not isinstance(value, dict) or len(value) != 1:
        return None if value == {} else value
    ((kind, content),) = value.items()
    match kind:
        case "type":
            return DTYPES.get(content, content)
        case "b" | "f":
            return content
        case "i":
            return int(content)
        case "s":
            return _text(content)
        case "list":
            items = [(one, item) for one, listed in content.items() for item in listed]
            return [_attribute({one: item}) for one, item in items]
    return content


def _text(content: Any) -> str:
    """Bytes of a node, which JSON holds in base64."""
    try:
        return base64.b64decode(text(content), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise Malformed(f"{str(content)[:60]!r} is not the text of a node") from error

"""Tensors of PyTorch: safetensors where that keeps them exactly, else what `torch.save` writes."""

from __future__ import annotations

import io
import json
import sys
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from whence.base.error import MissingExtraError, UserError, WhenceError
from whence.base.escape import decode, encode

_ALONE = "tensor"


def holds_tensors(obj: Any) -> bool:
    """Whether it is a tensor, or a dict, list or tuple with one in it, at any depth."""
    torch = sys.modules.get("torch")  # without it there is none
    return torch is not None and any(isinstance(leaf, torch.Tensor) for leaf in _leaves(obj))


def is_state(obj: Any) -> bool:
    """Whether it is a tensor, or a flat mapping of names to tensors."""
    torch = sys.modules.get("torch")
    if torch is None:
        return False
    if isinstance(obj, Mapping):
        named = all(type(key) is str for key in obj)
        return named and bool(obj) and all(type(item) is torch.Tensor for item in obj.values())
    return type(obj) is torch.Tensor


def dump(obj: Any) -> bytes:
    """A tensor or state dict as safetensors.

    Raises
    ------
    UserError
        If it holds a tensor that safetensors does not keep exactly: one that needs gradients, is
        not laid out plainly, is not on the CPU, or shares its memory with another.
    """
    write = _safetensors("keeping tensors").save
    alone = not isinstance(obj, Mapping)
    tensors = {_ALONE: obj} if alone else dict(obj)
    for name, tensor in tensors.items():
        why = _unplain(tensor)
        if why:
            raise _not_exact(f"{name!r} {why}")
    if len({tensor.untyped_storage().data_ptr() for tensor in tensors.values()}) < len(tensors):
        raise _not_exact("two tensors share their memory")
    notes: dict[str, Any] = {"kind": type(obj).__name__, "keys": list(tensors)}
    if hasattr(obj, "_metadata"):  # what torch notes in a state dict, for loading it
        notes["metadata"] = encode(dict(obj._metadata))
    try:
        data: bytes = write(tensors, metadata={"whence": json.dumps(notes)})
    except (ValueError, RuntimeError, KeyError) as error:
        raise _not_exact(str(error)) from error
    return data


def load(data: bytes) -> Any:
    """What `dump` was given; of another safetensors file a dict of its tensors."""
    found = _safetensors("reading tensors").load(data)
    size = int.from_bytes(data[:8], "little")
    told = json.loads(data[8 : 8 + size]).get("__metadata__", {}).get("whence")
    if told is None:
        return found
    notes = json.loads(told)
    if notes["kind"] == "Tensor":
        return found[_ALONE]
    ordered: Any = OrderedDict() if notes["kind"] == "OrderedDict" else {}
    ordered.update((key, found[key]) for key in notes["keys"])
    if "metadata" in notes:
        ordered._metadata = OrderedDict(decode(notes["metadata"]))
    return ordered


def dump_any(obj: Any) -> bytes:
    """Whatever holds tensors as `torch.save` writes it, if that can be read without unpickling."""
    torch = _torch("keeping tensors")
    buffer = io.BytesIO()
    torch.save(obj, buffer)
    data = buffer.getvalue()
    try:
        load_any(data)
    except WhenceError:
        raise
    except Exception as error:  # unpickling is refused in as many ways as there are classes
        raise _not_exact(next(iter(str(error).splitlines()), type(error).__name__)) from error
    return data


def load_any(data: bytes) -> Any:
    """What `torch.save` wrote, tensors and plain containers only."""
    return _torch("reading tensors").load(io.BytesIO(data), weights_only=True, map_location="cpu")


def load_unsafe(data: bytes) -> Any:
    """What `torch.save` wrote; may run code that is in it."""
    torch = _torch("reading tensors")
    return torch.load(io.BytesIO(data), weights_only=False, map_location="cpu")


def _leaves(obj: Any) -> Iterator[Any]:
    todo, seen = [obj], set()
    while todo:
        item = todo.pop()
        if isinstance(item, (Mapping, list, tuple)):
            if id(item) in seen:
                continue
            seen.add(id(item))
            todo += item.values() if isinstance(item, Mapping) else item
        else:
            yield item


def _unplain(tensor: Any) -> str | None:
    torch = sys.modules["torch"]
    if tensor.requires_grad:
        return "needs gradients"
    if tensor.layout is not torch.strided or tensor.is_quantized:
        return f"has the layout {tensor.layout}"
    if tensor.device.type != "cpu":
        return f"is on {tensor.device}"
    if not tensor.is_contiguous() or tensor.is_conj() or tensor.is_neg():
        return "is a view that is not laid out plainly"
    if tensor.untyped_storage().nbytes() != tensor.nbytes:
        return "is a part of a larger one"
    return None


def _not_exact(why: str) -> UserError:
    return UserError.of("not-exact", f"these tensors are not kept exactly: {why}")


def _torch(purpose: str) -> Any:
    try:
        import torch
    except ImportError as error:
        raise MissingExtraError.needed("torch", "torch", purpose) from error
    return torch


def _safetensors(purpose: str) -> Any:
    _torch(purpose)
    try:
        import safetensors.torch
    except ImportError as error:
        raise MissingExtraError.needed("safetensors", "torch", purpose) from error
    return safetensors.torch

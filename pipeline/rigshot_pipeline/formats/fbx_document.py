"""FBX 7.4's binary form: a tree of nodes with typed properties, and the frame of a document around the objects.

Autodesk publishes no description. The layout follows what Blender's developers found out ("FBX binary file format
specification", code.blender.org, 2013); the closing blocks are those that assimp and Blender write, too.
"""

import struct
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Long", "Node", "Objects", "Value", "encode", "fields", "properties"]


class Long(int):
    """A number of 64 bits: an id or a time."""


Value = bool | int | float | str | bytes | NDArray[Any]
"""A property: a ``Long`` is 64 bits wide, any other int 32; str is stored as UTF-8, bytes as they are."""

_MAGIC = b"Kaydara FBX Binary  \x00\x1a\x00"
_VERSION = 7400
_NODE_END = bytes(13)

_FILE_ID = bytes.fromhex("28b32aebb624ccc2bfc8b02aa92bfcf1")
_FOOTER_ID = bytes.fromhex("fabcab09d0c8d466b176fb831cf7267e")
_FOOTER_END = bytes.fromhex("f85a8c6adef5d97eece90ce3758f290b")
_CREATED = "1970-01-01 10:00:00:000"
"""The footer's id is a hash of the time of creation; this time goes with the ids above, and the same asset gives the same bytes."""

_ARRAY_CODES = {"float32": b"f", "float64": b"d", "int32": b"i", "int64": b"l"}
_PACKED_FROM = 128
"""Bytes above which an array is compressed."""


@dataclass(frozen=True)
class Node:
    """A named node with its properties and the nodes inside it."""

    name: str
    properties: Sequence[Value] = ()
    children: Sequence["Node"] = ()
    open: bool = False
    """Close an empty list of children, without which assimp takes the node for a leaf."""


def fields(**values: Value) -> list[Node]:
    """Nodes with one property each."""
    return [Node(name, [value]) for name, value in values.items()]


def properties(*rows: Sequence[Value]) -> Node:
    """A table of properties; a row is name, type, label, flags and the values."""
    return Node("Properties70", children=[Node("P", row) for row in rows], open=True)


@dataclass
class Objects:
    """The objects of a document and the lines between them; ids count up, so that they are the same on every run."""

    nodes: list[Node] = field(default_factory=list[Node])
    connections: list[Node] = field(default_factory=list[Node])

    def add(
        self, kind: str, name: str, label: str, children: Sequence[Node], *, label_kind: str | None = None, open_end: bool = False
    ) -> Long:
        """Add an object, say a ``Model``, and return its id. ``label_kind``: its kind inside its name, if another."""
        number = Long(1_000_000 + len(self.nodes))
        self.nodes.append(Node(kind, [number, f"{name}\x00\x01{label_kind or kind}", label], children, open_end))
        return number

    def connect(self, child: Long, parent: Long, channel: str | None = None) -> None:
        """Put an object under another one, or into the property ``channel`` of it; id 0 is the scene."""
        self.connections.append(Node("C", ["OO", child, parent] if channel is None else ["OP", child, parent, channel]))


def encode(objects: Objects, *, settings: Node, creator: str, title: str, comment: str, takes: Node) -> bytes:
    """The bytes of a document of ``objects``. ``comment`` goes where programs show a file's notes."""
    nodes = [
        _header(creator, title, comment),
        Node("FileId", [_FILE_ID]),
        Node("CreationTime", [_CREATED]),
        Node("Creator", [creator]),
        settings,
        _documents(),
        Node("References", open=True),
        _definitions(objects.nodes),
        Node("Objects", children=objects.nodes),
        Node("Connections", children=objects.connections),
        takes,
    ]
    data = bytearray(_MAGIC + struct.pack("<I", _VERSION))
    for node in nodes:
        _write(data, node)
    data += _NODE_END + _FOOTER_ID + bytes(4)
    data += bytes(16 - len(data) % 16)
    data += struct.pack("<I", _VERSION) + bytes(120) + _FOOTER_END
    return bytes(data)


def _header(creator: str, title: str, comment: str) -> Node:
    stamp = Node("CreationTimeStamp", children=fields(Version=1000, Year=1970, Month=1, Day=1, Hour=10, Minute=0, Second=0, Millisecond=0))
    about = Node("MetaData", children=fields(Version=100, Title=title, Subject="", Author="", Keywords="", Revision="", Comment=comment))
    scene = Node("SceneInfo", ["GlobalInfo\x00\x01SceneInfo", "UserData"], [*fields(Type="UserData", Version=100), about])
    start = fields(FBXHeaderVersion=1003, FBXVersion=_VERSION, EncryptionType=0)
    return Node("FBXHeaderExtension", children=[*start, stamp, Node("Creator", [creator]), scene])


def _documents() -> Node:
    scene = Node("Document", [Long(999_999), "", "Scene"], [properties(), Node("RootNode", [Long(0)])])
    return Node("Documents", children=[Node("Count", [1]), scene])


def _definitions(nodes: Sequence[Node]) -> Node:
    counts = Counter(node.name for node in nodes) + Counter(["GlobalSettings"])
    types = [Node("ObjectType", [kind], [Node("Count", [count])]) for kind, count in sorted(counts.items())]
    return Node("Definitions", children=[Node("Version", [100]), Node("Count", [counts.total()]), *types])


def _write(data: bytearray, node: Node) -> None:
    start, name = len(data), node.name.encode()
    values = b"".join(_property(value) for value in node.properties)
    data += struct.pack("<IIIB", 0, len(node.properties), len(values), len(name)) + name + values
    for child in node.children:
        _write(data, child)
    if node.children or node.open:
        data += _NODE_END
    struct.pack_into("<I", data, start, len(data))


def _property(value: Value) -> bytes:
    match value:
        case bool():
            return struct.pack("<c?", b"C", value)
        case Long():
            return struct.pack("<cq", b"L", value)
        case int():
            return struct.pack("<ci", b"I", value)
        case float():
            return struct.pack("<cd", b"D", value)
        case np.ndarray():
            return _array(value)
        case bytes():
            return struct.pack("<cI", b"R", len(value)) + value
        case str():
            text = value.encode()
            return struct.pack("<cI", b"S", len(text)) + text
        case _:
            raise TypeError(f"FBX has no property for a {type(value).__name__}")


def _array(array: NDArray[Any]) -> bytes:
    content = array.tobytes()
    packed = len(content) > _PACKED_FROM
    stored = zlib.compress(content, 1) if packed else content
    return struct.pack("<cIII", _ARRAY_CODES[array.dtype.name], array.size, packed, len(stored)) + stored

"""FBX 7.4 binary: skin, bind pose, a take for every clip, and the texture embedded.

The file's unit is the centimetre, FBX's own (``UnitScaleFactor`` 1), and no node is scaled: Unreal, which reads numbers
as centimetres unless told otherwise, Maya and Unity see the subject at its size; Blender converts to metres by the
factor. Axes are the world's, +Y up and the front at +Z, which is also Maya's frame.

Points are shared across texture seams, so that the mesh arrives as watertight as it was made.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .. import __version__
from ..asset import Asset, Clip, Indices, Rig
from .fbx_document import Long, Node, Objects, Value, encode, fields, properties
from .fbx_motion import euler_track
from .naming import object_name, object_names
from .packing import Surface, WeldedSurface, influences, surface, weld
from .texture import EncodedTexture, encode_texture

__all__ = ["write_fbx"]

_CENTIMETRES = 100.0
_TICKS = 46_186_158_000
"""FBX's time: this many to a second, a number that every frame rate of film and video divides."""

_30_FRAMES = 6
"""The number of 30 frames a second among FBX's time modes: only how programs label their time line."""

_LINEAR_KEY = 4
_CLAMP = 1
_UV_SET = "UVMap"

_SHININESS = 2.25
"""Phong's exponent for a roughness of 0.85 by way of (10 (1 - roughness))^2, which Blender and ufbx use."""


def write_fbx(asset: Asset, path: Path, *, texture: EncodedTexture | None = None) -> None:
    """Write ``asset`` to ``path``; ``texture`` is its albedo if that is encoded already.

    Raises ValueError for an asset without normals, uv or weights, or with numbers that are not finite.
    """
    texture = texture or encode_texture(asset.albedo, lossless=asset.nearest)
    whole = surface(asset)
    welded = weld(asset, whole)
    name = object_name(asset.name, default="model")
    objects = Objects()
    model = objects.add(
        "Model", name, "Mesh", [Node("Version", [232]), properties(*_MODEL), Node("Shading", [True]), Node("Culling", ["CullingOff"])]
    )
    objects.connect(model, Long(0))
    geometry = objects.add("Geometry", name, "Mesh", _geometry(whole, welded))
    objects.connect(geometry, model)
    _add_material(objects, name, f"{path.stem}{texture.suffix}", texture, model)
    bones = _add_bones(objects, asset.rig)
    _add_skin(objects, name, asset.rig, welded, geometry, bones)
    _add_bind_pose(objects, name, asset.rig, model, bones)
    titles = object_names((clip.name for clip in asset.clips), default="clip")
    for clip, title in zip(asset.clips, titles, strict=True):
        _add_clip(objects, asset.rig, clip, title, bones)
    data = encode(
        objects,
        settings=_settings(asset.clips),
        creator=f"Rigshot {__version__}",
        title=name,
        comment=" ".join(asset.licences),
        takes=_takes(asset.clips, titles),
    )
    path.write_bytes(data)


_MODEL: tuple[Sequence[Value], ...] = (
    ("RotationActive", "bool", "", "", 1),
    ("InheritType", "enum", "", "", 1),
    ("DefaultAttributeIndex", "int", "Integer", "", 0),
)


def _settings(clips: Sequence[Clip]) -> Node:
    axes = {"UpAxis": 1, "FrontAxis": 2, "CoordAxis": 0, "OriginalUpAxis": -1}
    rows: list[Sequence[Value]] = []
    for axis, number in axes.items():
        rows += [(axis, "int", "Integer", "", number), (f"{axis}Sign", "int", "Integer", "", 1)]
    longest = max((clip.seconds for clip in clips), default=0.0)
    rows += [
        ("UnitScaleFactor", "double", "Number", "", 1.0),
        ("OriginalUnitScaleFactor", "double", "Number", "", 1.0),
        ("TimeMode", "enum", "", "", _30_FRAMES),
        ("TimeSpanStart", "KTime", "Time", "", Long(0)),
        ("TimeSpanStop", "KTime", "Time", "", _ticks(longest)),
        ("CustomFrameRate", "double", "Number", "", -1.0),
    ]
    return Node("GlobalSettings", children=[Node("Version", [1000]), properties(*rows)])


def _geometry(whole: Surface, welded: WeldedSurface) -> list[Node]:
    corners = whole.faces.reshape(-1)
    polygons: Indices = welded.point_of_vertex[whole.faces].astype(np.int32)
    polygons[:, 2] = ~polygons[:, 2]  # how the last corner of a polygon is marked
    uv = np.stack([whole.uv[:, 0], 1 - whole.uv[:, 1]], -1)  # FBX measures v upwards
    return [
        properties(),
        Node("GeometryVersion", [124]),
        Node("Vertices", [_doubles(welded.points * _CENTIMETRES)]),
        Node("PolygonVertexIndex", [polygons.reshape(-1)]),
        _layer("Normal", 101, "", "ByPolygonVertex", "Direct", Normals=_doubles(whole.normals[corners])),
        _layer("UV", 101, _UV_SET, "ByPolygonVertex", "IndexToDirect", UV=_doubles(uv), UVIndex=corners.astype(np.int32)),
        _layer("Smoothing", 102, "", "ByPolygon", "Direct", Smoothing=np.ones(len(whole.faces), np.int32)),
        _layer("Material", 101, "", "AllSame", "IndexToDirect", Materials=np.zeros(1, np.int32)),
        Node("Layer", [0], [Node("Version", [100]), *(_layer_entry(kind) for kind in ("Normal", "UV", "Smoothing", "Material"))]),
    ]


def _layer(kind: str, version: int, name: str, mapping: str, reference: str, **arrays: Value) -> Node:
    head = fields(Version=version, Name=name, MappingInformationType=mapping, ReferenceInformationType=reference)
    return Node(f"LayerElement{kind}", [0], [*head, *fields(**arrays)])


def _layer_entry(kind: str) -> Node:
    return Node("LayerElement", children=fields(Type=f"LayerElement{kind}", TypedIndex=0))


def _add_material(objects: Objects, name: str, file: str, texture: EncodedTexture, model: Long) -> None:
    look = properties(
        ("DiffuseColor", "Color", "", "A", 1.0, 1.0, 1.0),
        ("DiffuseFactor", "Number", "", "A", 1.0),
        ("AmbientColor", "Color", "", "A", 0.0, 0.0, 0.0),
        ("EmissiveColor", "Color", "", "A", 0.0, 0.0, 0.0),
        ("SpecularColor", "Color", "", "A", 0.2, 0.2, 0.2),
        ("SpecularFactor", "Number", "", "A", 0.25),
        ("Shininess", "Number", "", "A", _SHININESS),
        ("ShininessExponent", "Number", "", "A", _SHININESS),
        ("ReflectionFactor", "Number", "", "A", 0.0),
        ("Opacity", "double", "Number", "", 1.0),
    )
    head = fields(Version=102, ShadingModel="phong", MultiLayer=0)
    material = objects.add("Material", name, "", [*head, look])
    objects.connect(material, model)
    picture = objects.add("Texture", name, "", _texture(name, file))
    objects.connect(picture, material, "DiffuseColor")
    path = properties(("Path", "KString", "XRefUrl", "", file))
    content = fields(Filename=file, RelativeFilename=file, Content=texture.data)
    video = objects.add("Video", name, "Clip", [Node("Type", ["Clip"]), path, Node("UseMipMap", [0]), *content])
    objects.connect(video, picture)


def _texture(name: str, file: str) -> list[Node]:
    look = properties(
        ("UVSet", "KString", "", "", _UV_SET),
        ("WrapModeU", "enum", "", "", _CLAMP),
        ("WrapModeV", "enum", "", "", _CLAMP),
        ("UseMaterial", "bool", "", "", 1),
    )
    head = fields(Type="TextureVideoClip", Version=202, TextureName=f"{name}\x00\x01Texture")
    tail = fields(Media=f"{name}\x00\x01Video", FileName=file, RelativeFilename=file, Texture_Alpha_Source="None")
    frame = [Node("ModelUVTranslation", [0.0, 0.0]), Node("ModelUVScaling", [1.0, 1.0]), Node("Cropping", [0, 0, 0, 0])]
    return [*head, look, *tail, *frame]


def _add_bones(objects: Objects, rig: Rig) -> list[Long]:
    bones: list[Long] = []
    lengths = np.linalg.norm(rig.tails - rig.joints, axis=1) * _CENTIMETRES
    for joint, name in enumerate(object_names(rig.names, default="joint")):
        parent = int(rig.parents[joint])
        offset = rig.joints[joint] - (rig.joints[parent] if parent >= 0 else 0)
        place = ("Lcl Translation", "Lcl Translation", "", "A", *_three(offset * _CENTIMETRES))
        bone = objects.add("Model", name, "LimbNode", [Node("Version", [232]), properties(*_MODEL, place), Node("Shading", [True])])
        size = properties(("Size", "double", "Number", "", float(lengths[joint])))
        attribute = objects.add("NodeAttribute", name, "LimbNode", [size, Node("TypeFlags", ["Skeleton"])])
        objects.connect(attribute, bone)
        objects.connect(bone, bones[parent] if parent >= 0 else Long(0))
        bones.append(bone)
    return bones


def _add_skin(objects: Objects, name: str, rig: Rig, welded: WeldedSurface, geometry: Long, bones: Sequence[Long]) -> None:
    """A cluster for every joint, also for one without weights: without it Unity and Unreal would not know its bind pose."""
    skin = objects.add("Deformer", name, "Skin", fields(Version=101, Link_DeformAcuracy=50.0, SkinningType="Linear"))
    objects.connect(skin, geometry)
    bound = influences(welded.weights)
    for joint, (bone, title) in enumerate(zip(bones, object_names(rig.names, default="joint"), strict=True)):
        points, places = np.nonzero((bound.joints == joint) & (bound.weights > 0))
        bind = _bind_matrix(rig, joint)
        children = [
            Node("Version", [100]),
            Node("UserData", ["", ""]),
            *fields(Indexes=points.astype(np.int32), Weights=_doubles(bound.weights[points, places])),
            *fields(Transform=np.linalg.inv(bind).reshape(-1), TransformLink=bind.reshape(-1)),  # the mesh seen by the bone, the bone
        ]
        cluster = objects.add("Deformer", title, "Cluster", children, label_kind="SubDeformer")
        objects.connect(cluster, skin)
        objects.connect(bone, cluster)


def _add_bind_pose(objects: Objects, name: str, rig: Rig, model: Long, bones: Sequence[Long]) -> None:
    places = [(model, np.eye(4)), *((bone, _bind_matrix(rig, joint)) for joint, bone in enumerate(bones))]
    rows = [Node("PoseNode", children=fields(Node=number, Matrix=matrix.reshape(-1))) for number, matrix in places]
    head = fields(Type="BindPose", Version=100, NbPoseNodes=len(rows))
    objects.add("Pose", name, "BindPose", [*head, *rows])


def _bind_matrix(rig: Rig, joint: int) -> NDArray[np.float64]:
    """A joint in the world in centimetres, with the translation in the last row, as FBX stores it."""
    matrix = np.eye(4)
    matrix[3, :3] = rig.joints[joint] * _CENTIMETRES
    return matrix


def _add_clip(objects: Objects, rig: Rig, clip: Clip, title: str, bones: Sequence[Long]) -> None:
    """A stack with one layer. All joints take part, so that none keeps the pose of the clip before."""
    start, stop = Long(0), _ticks(clip.seconds)
    span = [(end, "KTime", "Time", "", tick) for end, tick in (("LocalStart", start), ("LocalStop", stop))]
    span += [(end, "KTime", "Time", "", tick) for end, tick in (("ReferenceStart", start), ("ReferenceStop", stop))]
    stack = objects.add("AnimationStack", title, "", [properties(*span)], label_kind="AnimStack")
    layer = objects.add("AnimationLayer", title, "", [], label_kind="AnimLayer", open_end=True)
    objects.connect(layer, stack)
    track = euler_track(clip)
    ticks = np.round(track.times * _TICKS).astype(np.int64)
    _add_curves(objects, layer, bones[0], "Lcl Translation", ticks, (rig.joints[0] + track.root_offset) * _CENTIMETRES)
    for joint, bone in enumerate(bones):
        _add_curves(objects, layer, bone, "Lcl Rotation", ticks, track.angles[:, joint])


def _add_curves(objects: Objects, layer: Long, bone: Long, channel: str, ticks: NDArray[np.int64], values: NDArray[np.floating]) -> None:
    rows = [(f"d|{axis}", "Number", "", "A", value) for axis, value in zip("XYZ", _three(values[0]), strict=True)]
    node = objects.add("AnimationCurveNode", channel[4], "", [properties(*rows)], label_kind="AnimCurveNode")
    objects.connect(node, layer)
    objects.connect(node, bone, channel)
    for axis, numbers in zip("XYZ", values.T.astype(np.float32), strict=True):
        moving = bool((numbers != numbers[0]).any())
        keys = numbers if moving else numbers[:1]
        curve = objects.add("AnimationCurve", "", "", _curve(ticks[: len(keys)], keys), label_kind="AnimCurve")
        objects.connect(curve, node, f"d|{axis}")


def _curve(ticks: NDArray[np.int64], keys: NDArray[np.float32]) -> list[Node]:
    head = fields(Default=float(keys[0]), KeyVer=4008, KeyTime=ticks, KeyValueFloat=keys)
    flags = fields(KeyAttrFlags=np.array([_LINEAR_KEY], np.int32), KeyAttrDataFloat=np.zeros(4, np.float32))
    return [*head, *flags, Node("KeyAttrRefCount", [np.array([len(keys)], np.int32)])]


def _takes(clips: Sequence[Clip], titles: Sequence[str]) -> Node:
    takes = [Node("Current", [titles[0] if titles else ""])]
    for clip, title in zip(clips, titles, strict=True):
        span = [Long(0), _ticks(clip.seconds)]
        children = [Node("FileName", [f"{title}.tak"]), Node("LocalTime", span), Node("ReferenceTime", span)]
        takes.append(Node("Take", [title], children))
    return Node("Takes", children=takes)


def _ticks(seconds: float) -> Long:
    return Long(round(seconds * _TICKS))


def _doubles(array: NDArray[np.floating]) -> NDArray[np.float64]:
    return np.ascontiguousarray(array, np.float64).reshape(-1)


def _three(vector: NDArray[np.floating]) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in vector)
    return x, y, z

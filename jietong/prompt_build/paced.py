"""Opens the voice model where it decides how long each phoneme lasts, so that lengths can be read and stretched.

Owns the surgery on the model's graph. Must not know languages or texts.
Rules: /encoder/Clip holds the length of each token in frames of 600 samples (25 ms at 24 kHz), found by reading the graph.
"""

from importlib import import_module
from pathlib import Path

FRAME_SAMPLES = 600

_LENGTHS = "/encoder/Clip_output_0"


def paced_model(source: Path, target: Path) -> Path:
    """Writes a model with one more input, `longer` (frames to add to each token), and one more output, `paced` (all lengths)."""
    if target.is_file():
        return target
    onnx = import_module("onnx")
    proto, helper = onnx.TensorProto, onnx.helper
    model = onnx.load(source)
    graph = model.graph
    for node in graph.node:
        node.input[:] = ["paced" if name == _LENGTHS else name for name in node.input]
    made_at = next(place for place, node in enumerate(graph.node) if _LENGTHS in node.output)
    graph.node.insert(made_at + 1, helper.make_node("Add", [_LENGTHS, "longer"], ["paced"], name="pace"))
    graph.input.append(helper.make_tensor_value_info("longer", proto.FLOAT, [1, "tokens_and_ends"]))
    graph.output.append(helper.make_tensor_value_info("paced", proto.FLOAT, [1, None]))
    beside = target.with_suffix(".part")
    onnx.save(model, beside)
    beside.replace(target)
    return target

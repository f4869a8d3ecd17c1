"""Writing ops as ONNX's operators: one file per family."""

from tinygrad_cnn.onnx.exporters import arrangement as arrangement
from tinygrad_cnn.onnx.exporters import elementwise as elementwise
from tinygrad_cnn.onnx.exporters import layers as layers
from tinygrad_cnn.onnx.exporters import normalization as normalization
from tinygrad_cnn.onnx.exporters import recurrent as recurrent
from tinygrad_cnn.onnx.exporters import ungraded as ungraded
from tinygrad_cnn.onnx.exporters.registry import EXPORTERS as EXPORTERS

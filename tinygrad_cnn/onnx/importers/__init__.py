"""Computing ONNX's operators: one file per family, in terms of `functional`."""

from tinygrad_cnn.onnx.importers import activation as activation
from tinygrad_cnn.onnx.importers import arithmetic as arithmetic
from tinygrad_cnn.onnx.importers import attention as attention
from tinygrad_cnn.onnx.importers import between_pixels as between_pixels
from tinygrad_cnn.onnx.importers import constants as constants
from tinygrad_cnn.onnx.importers import control as control
from tinygrad_cnn.onnx.importers import indexing as indexing
from tinygrad_cnn.onnx.importers import losses as losses
from tinygrad_cnn.onnx.importers import matrix as matrix
from tinygrad_cnn.onnx.importers import normalization as normalization
from tinygrad_cnn.onnx.importers import quantization as quantization
from tinygrad_cnn.onnx.importers import recurrent as recurrent
from tinygrad_cnn.onnx.importers import reduction as reduction
from tinygrad_cnn.onnx.importers import resize as resize
from tinygrad_cnn.onnx.importers import shape as shape
from tinygrad_cnn.onnx.importers import signal as signal
from tinygrad_cnn.onnx.importers import windows as windows
from tinygrad_cnn.onnx.importers.registry import IMPORTERS as IMPORTERS

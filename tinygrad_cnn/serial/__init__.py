"""Files: arrays by name in safetensors and npz, each written whole or not at all. No pickle."""

from tinygrad_cnn.serial.atomic import writing as writing
from tinygrad_cnn.serial.tensors import Content as Content
from tinygrad_cnn.serial.tensors import load_content as load_content
from tinygrad_cnn.serial.tensors import load_metadata as load_metadata
from tinygrad_cnn.serial.tensors import load_tensors as load_tensors
from tinygrad_cnn.serial.tensors import save_tensors as save_tensors

"""Property tests of derivatives: numerical differentiation, and the table of cases of every op."""

from tinygrad_cnn.testing.cases import CASES as CASES
from tinygrad_cnn.testing.cases import Case as Case
from tinygrad_cnn.testing.cases import Problem as Problem
from tinygrad_cnn.testing.gradcheck import GradcheckResult as GradcheckResult
from tinygrad_cnn.testing.gradcheck import assert_gradients as assert_gradients
from tinygrad_cnn.testing.gradcheck import gradcheck as gradcheck
from tinygrad_cnn.testing.numeric import central_difference as central_difference
from tinygrad_cnn.testing.properties import PROPERTIES as PROPERTIES

"""Contracts of ops, modules, losses, optimizers and layers: lists of named properties.

Each contract runs its properties on copies of what it is given and answers with a `Report`: per
property pass, fail or unchecked, with the reason. `only=` runs some of them by name; the names are
the keys of `OP_PROPERTIES`, `MODULE_PROPERTIES`, `LOSS_PROPERTIES`, `OPTIMIZER_PROPERTIES`,
`OPTIMIZER_REFERENCE_PROPERTIES` and `LAYER_PROPERTIES`. `backward_branches` says what of a derivative
no problem reaches.
"""

from tinygrad_cnn.testing.hypothesis_extra import AVAILABLE as AVAILABLE  # isort: skip

from tinygrad_cnn.testing.contracts.branches import Branches as Branches
from tinygrad_cnn.testing.contracts.branches import backward_branches as backward_branches
from tinygrad_cnn.testing.contracts.layer import LAYER_PROPERTIES as LAYER_PROPERTIES
from tinygrad_cnn.testing.contracts.layer import check_layer_against as check_layer_against
from tinygrad_cnn.testing.contracts.loss import LOSS_PROPERTIES as LOSS_PROPERTIES
from tinygrad_cnn.testing.contracts.loss import check_loss as check_loss
from tinygrad_cnn.testing.contracts.module import MODULE_PROPERTIES as MODULE_PROPERTIES
from tinygrad_cnn.testing.contracts.module import check_module as check_module
from tinygrad_cnn.testing.contracts.op import OP_PROPERTIES as OP_PROPERTIES
from tinygrad_cnn.testing.contracts.op import check_op as check_op
from tinygrad_cnn.testing.contracts.op_properties import PROPERTIES as PROPERTIES
from tinygrad_cnn.testing.contracts.optimizer import OPTIMIZER_PROPERTIES as OPTIMIZER_PROPERTIES
from tinygrad_cnn.testing.contracts.optimizer import check_optimizer as check_optimizer
from tinygrad_cnn.testing.contracts.optimizer_reference import (
    OPTIMIZER_REFERENCE_PROPERTIES as OPTIMIZER_REFERENCE_PROPERTIES,
)
from tinygrad_cnn.testing.contracts.optimizer_reference import (
    check_optimizer_against as check_optimizer_against,
)
from tinygrad_cnn.testing.contracts.report import ContractError as ContractError
from tinygrad_cnn.testing.contracts.report import Outcome as Outcome
from tinygrad_cnn.testing.contracts.report import Report as Report
from tinygrad_cnn.testing.contracts.report import UncheckedError as UncheckedError

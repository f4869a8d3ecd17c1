"""PyTorch's files: programs import names from them that its packages also have."""

from __future__ import annotations

import importlib
import importlib.util
import types
from functools import cache
from typing import Any

#: By package: the files of PyTorch's whose public names the package has, too. Here the file is the package.
FILES: dict[str, str] = {
    "torch.nn.modules": "activation adaptive batchnorm channelshuffle container conv distance dropout flatten fold "
    "instancenorm lazy linear loss module normalization padding pixelshuffle pooling rnn sparse transformer upsampling",
    "torch.optim": "adadelta adafactor adagrad adam adamax adamw asgd lbfgs nadam optimizer radam rmsprop rprop sgd",
    "torch.nn.utils": "clip_grad convert_parameters",
    "torch.utils.data": "dataloader dataset distributed sampler",
    "torch.autograd": "anomaly_mode function grad_mode variable",
    "torch.distributions": "bernoulli beta binomial categorical cauchy chi2 constraints dirichlet distribution exponential "
    "gamma geometric gumbel half_normal independent kl laplace log_normal multinomial multivariate_normal normal "
    "one_hot_categorical poisson studentT transformed_distribution uniform",
    "torchvision.datasets": "cifar fakedata folder mnist",
    "torchvision.io": "image",
    "torchvision.models": "alexnet convnext densenet efficientnet googlenet inception mobilenetv2 mobilenetv3 resnet shufflenetv2 "
    "squeezenet vgg vision_transformer",
    "torchvision.ops": "focal_loss giou_loss roi_align roi_pool stochastic_depth",
    "torchvision.transforms": "autoaugment transforms",
}  # fmt: skip
#: The package of here, where it has another name.
HOMES = {"torch.nn.modules": "torch.nn"}


@cache
def home(fullname: str) -> Any:
    """The package that has the names of one of PyTorch's files, as a module with that file's name; or None.

    >>> home("torch.utils.data.dataloader").DataLoader.__name__, home("torch.utils.data.no")
    ('DataLoader', None)
    """
    package, _, file = fullname.rpartition(".")
    if file not in FILES.get(package, "").split():
        return None
    ours = importlib.import_module(f"tinygrad_cnn.{HOMES.get(package, package)}")
    made = types.ModuleType(f"tinygrad_cnn.{fullname}", ours.__doc__)
    vars(made).update({name: value for name, value in vars(ours).items() if not name.startswith("__")})
    own = f"{ours.__name__}.{file}"
    if (
        "__path__" in vars(ours) and importlib.util.find_spec(own) is not None
    ):  # a file of here has that name, too
        names = vars(importlib.import_module(own))
        vars(made).update({name: value for name, value in names.items() if not name.startswith("__")})
    made.__getattr__ = vars(ours)["__getattr__"]  # type: ignore[method-assign]
    return made

"""Optimizers: one a file, with the update equation and its paper in the docstring.

Beside them the schedulers of the learning rate, and the clipping of gradients.
"""

from tinygrad_cnn.optim.adadelta import Adadelta as Adadelta
from tinygrad_cnn.optim.adagrad import Adagrad as Adagrad
from tinygrad_cnn.optim.adam import Adam as Adam
from tinygrad_cnn.optim.adamax import Adamax as Adamax
from tinygrad_cnn.optim.adamw import AdamW as AdamW
from tinygrad_cnn.optim.clip import clip_grad_norm_ as clip_grad_norm_
from tinygrad_cnn.optim.clip import clip_grad_value_ as clip_grad_value_
from tinygrad_cnn.optim.cosine import CosineAnnealingLR as CosineAnnealingLR
from tinygrad_cnn.optim.cosine import CosineAnnealingWarmRestarts as CosineAnnealingWarmRestarts
from tinygrad_cnn.optim.cosine import OneCycleLR as OneCycleLR
from tinygrad_cnn.optim.nadam import NAdam as NAdam
from tinygrad_cnn.optim.optimizer import Optimizer as Optimizer
from tinygrad_cnn.optim.plateau import ReduceLROnPlateau as ReduceLROnPlateau
from tinygrad_cnn.optim.rmsprop import RMSprop as RMSprop
from tinygrad_cnn.optim.schedule import ExponentialLR as ExponentialLR
from tinygrad_cnn.optim.schedule import LambdaLR as LambdaLR
from tinygrad_cnn.optim.schedule import LinearLR as LinearLR
from tinygrad_cnn.optim.schedule import LRScheduler as LRScheduler
from tinygrad_cnn.optim.schedule import MultiStepLR as MultiStepLR
from tinygrad_cnn.optim.schedule import PolynomialLR as PolynomialLR
from tinygrad_cnn.optim.schedule import SequentialLR as SequentialLR
from tinygrad_cnn.optim.schedule import StepLR as StepLR
from tinygrad_cnn.optim.sgd import SGD as SGD

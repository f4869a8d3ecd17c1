"""Training: the loop, its callbacks, measures, history, and checkpoints that go on bit by bit.

`save_model` writes a model or a whole training to one file, structure included; `load_model`,
`load_trainer` and `load_notes` read it in another program.
"""

from tinygrad_cnn.train.callback import Callback as Callback
from tinygrad_cnn.train.checkpoint import load_checkpoint as load_checkpoint
from tinygrad_cnn.train.checkpoint import save_checkpoint as save_checkpoint
from tinygrad_cnn.train.history import History as History
from tinygrad_cnn.train.judge import Evaluator as Evaluator
from tinygrad_cnn.train.learner import Learner as Learner
from tinygrad_cnn.train.loop import Trainer as Trainer
from tinygrad_cnn.train.metrics import accuracy as accuracy
from tinygrad_cnn.train.metrics import confusion_matrix as confusion_matrix
from tinygrad_cnn.train.metrics import f1 as f1
from tinygrad_cnn.train.metrics import precision as precision
from tinygrad_cnn.train.metrics import recall as recall
from tinygrad_cnn.train.metrics import top_k_accuracy as top_k_accuracy
from tinygrad_cnn.train.model_file import load_model as load_model
from tinygrad_cnn.train.model_file import load_notes as load_notes
from tinygrad_cnn.train.model_file import load_trainer as load_trainer
from tinygrad_cnn.train.model_file import save_model as save_model
from tinygrad_cnn.train.rate import LearningRate as LearningRate
from tinygrad_cnn.train.reports import CSVLogger as CSVLogger
from tinygrad_cnn.train.reports import Log as Log
from tinygrad_cnn.train.reports import ProgressBar as ProgressBar
from tinygrad_cnn.train.reports import TensorBoardLogger as TensorBoardLogger
from tinygrad_cnn.train.running import Confusion as Confusion
from tinygrad_cnn.train.running import Mean as Mean
from tinygrad_cnn.train.running import Metric as Metric
from tinygrad_cnn.train.running import TopK as TopK
from tinygrad_cnn.train.saving import Checkpoint as Checkpoint
from tinygrad_cnn.train.stopping import EarlyStopping as EarlyStopping
from tinygrad_cnn.train.stopping import NaNStop as NaNStop

"""The claims of the source documents: 78 rows, and ten defects, each in a line of our own words."""

from __future__ import annotations

from typing import NamedTuple

#: The documents, in the order of the rows.
SOURCES = {
    "000": "A small CNN for MNIST: the forward pass in NumPy",
    "001": "Building blocks of CNNs, and a ConvNet on MNIST",
    "002": "Theory: convolution, sub-sampling, LeNet-5, gradients in closed form",
    "003": "A Sequential library in plain NumPy, channels last",
    "004": "Deep learning from scratch: a summary, and cats and dogs",
    "book": "Deep learning from scratch: what the book adds",
    "defects": "Defects of the documents, kept so that nobody repeats them",
}


class Row(NamedTuple):
    """One claim: its key ('12' or 'D3'), where it is from, what it says, and why it waits if it does."""

    key: str
    source: str
    claim: str
    later: str = ""


#: By source: the claims of its rows, in order; rows are numbered through.
_CLAIMS = {
    "000": (
        "A dense layer of 1,024 units on a 100×100 colour image needs 30,720,000 weights",
        "A feature that moves upsets a dense net; a convolution moves with it",
        "Sobel kernels find vertical and horizontal edges",
        "Padding: 4×4 under 3×3 gives 2×2 (valid) or stays 4×4 (same)",
        "3×3 with 8 filters: 28×28 becomes 26×26×8, with 72 weights",
        "Xavier: weights of variance 1/n_in",
        "A bad start makes gradients explode or vanish",
        "Pooling by max, min or mean: 26×26×8 becomes 13×13×8",
        "Softmax layer: shares that add up to 1, loss −ln of the right one",
        "Untrained, the net is right for about 10 %, with loss ln 10",
    ),
    "001": (
        "Local windows: the receptive field of an output pixel",
        "Loader of MNIST: batches of 128, shuffled, pixels from 0 to 1, offline",
        "The same seed gives the same training, bit by bit",
        "The GPU if there is one, otherwise the CPU",
        "Padding that keeps a size: p = (s(o−1) − w + k)/2",
        "ConvNet 28²×1 → 14²×8 → 7²×16 → 10, of 9,098 parameters",
        "A walk over all modules starts weights from N(0, 0.01) and biases at 0",
        "forward returns scores and shares; view(−1, 784); softmax along axis 1",
        "SGD at 0.05 on cross-entropy: zero, backward, step",
        "Modes train and eval; a line every 50 batches; accuracy and minutes per epoch",
        "Without gradients, evaluation records nothing and needs less memory",
        "ConvNet: 97.97 % on MNIST after 10 epochs",
    ),
    "002": (
        "1-D convolution, narrow n−m+1 and wide n+m−1; 1/m is the moving average",
        "2-D convolution and correlation, mean filter, the kernel turned round",
        "A convolution has m+1 parameters where a dense layer has n·n′",
        "K maps: n·n′·u·v + n parameters, size (w−u+1)×(h−v+1)",
        "A connection table: K·u·v + n parameters, 1,516 in LeNet-5's C3",
        "Sub-sampling with a weight and a bias per map: S2 has 12, S4 has 32",
        "LeNet-5: 156 + 12 + 1,516 + 32 + 48,120 + 10,164 = 60,000 parameters",
        "Gradients of convolution and pooling in closed form",
        "Up-sampling, the way back through a pooling",
        "Convolution and pooling forgive small shifts",
    ),
    "003": (
        "A Sequential model: forward, backward, update at each step",
        "Images with channels last, [n, h, w, c]",
        "Convolution over volumes; the numbers of channels must agree",
        "Max-pooling keeps a mask, and sends gradients back through it",
        "Dropout is off at inference",
        "Flatten, ReLU and Dense, with dA, dW and db",
        "About 90 % on MNIST by NumPy alone; curves and a confusion matrix",
    ),
    "004": (
        "NumPy in brief: a product with broadcasting, a sine curve",
        "Perceptrons for AND, NAND and OR",
        "XOR needs two layers",
        "Step, sigmoid (0.731 at 1, 0.880 at 2) and ReLU",
        "A fixed net 2-3-2-2 gives [0.3168, 0.6963]",
        "Identity, sigmoid or softmax at the output, by task",
        "Half squared error and cross-entropy, with labels or one-hot rows",
        "Numerical derivative of 0.01x² + 0.1x at 5 and 10; tangents",
        "Partial derivatives, and gradients by differences",
        "The gradient field of x0² + x1²",
        "Gradient descent: a good step, one too large, one too small",
        "A two-layer net by numerical gradients never seems to end",
        "Mini-batches of 100 for 10,000 steps: the loss falls",
        "Apples: 100·2·1.1 = 220, with slopes 2.2, 110 and 200",
        "Squares in a chain: E·2x, and 2(x+y)",
        "Layers for addition and multiplication",
        "Layers Relu, Sigmoid, SoftmaxWithLoss, Affine and Dropout",
        "Dropout in the other form: outputs times 1 − ratio in the test",
        "The two-layer net by back-propagation, layers in an ordered dict",
        "The shape of a CNN: Conv → ReLU → Pool, then Affine",
        "Arithmetic of convolution: bias, padding, stride, channels, filters",
        "Pooling: no parameters, channels unchanged, robust to small moves",
        "im2col and col2im",
        "Convolution and Pooling by im2col",
        "SimpleConvNet of 433,890 parameters",
        "VGG-16 and VGG-19: runs of 3×3, halved by pooling",
        "SGD, Momentum, AdaGrad and Adam down a long valley",
        "Augmentation: rescale, rotate, shift, shear, zoom, flip",
        "Images streamed from a folder per class",
        "A net after AlexNet, of 47,704,910 parameters",
        "compile and fit; steps per epoch from a generator; one batch at a time",
        "The history of a training; curves of loss and accuracy",
        "Weights saved and loaded",
        "A whole model saved and loaded, optimizer included, to go on training",
        "The structure alone, as JSON",
        "predict on the path of an image: cat or dog",
        "Normal starts, and why small ones suit the sigmoid",
        "One-hot rows, and the options of the MNIST loader",
    ),
    "book": (
        "DeepConvNet, float16, filters, search, weight decay, batch norm",
    ),
    "defects": (
        "AdaGrad that steps along h instead of the gradient",
        "A two-layer net that ends with ReLU before softmax",
        "A Convolution that reads self.x before it is set, and has = for −",
        "A Pooling that keeps neither x nor arg_max, and drops its reshape",
        "A ReLU whose backward writes over the gradient that it is given",
        "A gradient by forward differences, which is 0 on whole numbers",
        "An option misspelt 'one_hot_laobel'; randn said to lie in [0, 1)",
        "N(0, 1) divided by 9 where the variance should be 1/9",
        "A bias set to 0 before it is known that there is one",
        "Cross-entropy on sigmoid outputs",
    ),
}  # fmt: skip

#: Rows that no run on this library can show yet, and why.
_LATER = {"14": "holds on the stand-in, not yet seen on a GPU"}


def _rows() -> tuple[Row, ...]:
    found: list[Row] = []
    for source, claims in _CLAIMS.items():
        first, prefix = (1, "D") if source == "defects" else (len(found) + 1, "")
        for number, claim in enumerate(claims, first):
            key = f"{prefix}{number}"
            found.append(Row(key, source, claim, _LATER.get(key, "")))
    return tuple(found)


ROWS = _rows()
KEYS = tuple(row.key for row in ROWS)

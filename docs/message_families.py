"""Families of messages: what errors of a kind have in common, why they come, and what cures them.

`make_errors.py` puts every message of the code under the first family of its class whose pattern it has, on
the page of all messages. One that no family has stands under its class alone, whose cause and cure it shares.
"""

# ruff: noqa: E501 - a text is one line, as long as it is
from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Family:
    """Messages that have one cause and one cure.

    Attributes:
        title: what they have in common.   pattern: what is found in "module: message", a regular
            expression; names in braces are left out of the message.
        cause, cure: why they come, and what to do.
    """

    title: str
    pattern: str
    cause: str
    cure: str


#: By the class of the error; the first family fits whose pattern is found in a message.
FAMILIES: dict[str, tuple[Family, ...]] = {
    "AxisError": (
        Family(
            "An axis that is not there",
            r"out of range",
            "Axes are counted from 0, or from the end with -1.",
            "`x.shape` shows which there are.",
        ),
    ),
    "ShapeError": (
        Family(
            "Operands that do not broadcast",
            r"broadcast|operands of shapes|a value of shape|whose sizes",
            "Counted from the last axis, sizes must be equal, or one of them 1.",
            "Print both shapes. `reshape` puts an axis of size 1 where one is missing; `@` is the matrix product, `*` goes element by element.",
        ),
        Family(
            "Predictions, labels and weights that do not belong together",
            r"(?<!einsum: )\blabels? (?!names|has size)|labels\b|targets?\b|scores|predictions|one per class|sample_weight|per_sample|class(es)? fit|log_probs|one number a sample",
            "A loss or a measure gets one label, or one target, for each sample.",
            "Take both from the same batch; `prediction.reshape(-1)` drops an axis of size 1; scores are (N, K), labels (N,).",
        ),
        Family(
            "Channels or features of another number",
            r"channels|features|num_features|normalized_shape|which does not end in|RBF|embed",
            "A layer was made for another number than its input has; or the axes come in another order, channels last.",
            "Print the shape before the layer. The layer's first argument is that number; images are (N, C, H, W).",
        ),
        Family(
            "A number that does not divide",
            r"do(es)? not (split|divide|make .* equal)|equal parts|an even number",
            "Groups, heads and parts are of equal size.",
            "A number that divides the axis which the message names.",
        ),
        Family(
            "Windows, kernels and images",
            r"kernel|window|pixel|\bpadding|image|border|cut off|grid|crop|an element along each padded",
            "The window must fit into the padded image; convolutions and poolings before it have often made the image too small.",
            "Padding, a larger image, a smaller window, or fewer poolings. Images are (N, C, H, W), one image (1, C, H, W).",
        ),
        Family(
            "Matrices and vectors whose sizes do not meet",
            r"inner sizes|matri(x|ces)|vectors?\b|rows of b|matmul|tensordot|einsum|multi_dot|solve|centers",
            "A product sums over an axis, which both operands have in one length; a decomposition takes a square matrix.",
            "Print both shapes; `a @ b.T`, or an axis named otherwise.",
        ),
        Family(
            "Sequences, states and batches of them",
            r"sequence|\bhx\b|\bstate\b|lstm|gru|\bsteps?\b|w_ih|attn|query|key_padding|\blengths has",
            "Recurrent layers and attention take (step, sample, feature), or with `batch_first=True` (sample, step, feature), and states of their own sizes.",
            "The shape that the message names; leave the state out for zeros.",
        ),
        Family(
            "Samples that do not stack",
            r"samples? |a batch|first size|one length|of other lengths|stratify|as many rows|Augmented",
            "A batch is one array: its samples have one shape and the same fields, and all arrays of a dataset as many rows.",
            "Crop, pad or transform the samples, or give `collate_fn=`: [a dataset of your own](how_to/own_dataset.md).",
        ),
        Family(
            "An axis that is not there, or is named twice",
            r"out of range|ax[ie]s .*(twice|once|names)|names? .*ax[ie]s|axis .* has not length 1|end_axis|axis1|must name|name an axis|two different axes|must pair",
            "Axes are counted from 0, or from the end with -1; each is named once.",
            "`x.shape` shows which there are.",
        ),
        Family(
            "Too few or too many axes",
            r"\baxes\b|\baxis\b|0-d|dimensions|needs? \{|needs shape|needs \(|\(N, |\(B, |\(\.\.\.",
            "The function says which axes it takes and got others: mostly the batch is missing, or a `flatten`.",
            "`x.reshape(1, *x.shape)` adds the batch, `flatten(1)` makes (N, F).",
        ),
        Family(
            "One value where several are needed",
            r"needs more than 1 value",
            "Batch, group and instance norm divide by the spread of several values; one value has none.",
            "Larger batches; `drop_last=True` in the loader, if the last batch has one sample; `model.eval()` to predict.",
        ),
        Family(
            "A number of elements that does not fill a shape",
            r"elements?\b|do not fill|only one size may be -1|leaves no|no array can have",
            "A reshape keeps all elements; one number can be taken only of one element.",
            "Leave one size to be computed: `reshape(-1, 2)`; or take `.sum()`, `.mean()`, `.any()` first.",
        ),
        Family(
            "Gradients and tangents of another shape",
            r"gradient|grad_outputs|tangents|the loss|gives|Tensor.grad",
            "A gradient has the shape of what it belongs to; a loss is one number.",
            "The shape that the message names; `.mean()` or `.sum()` of the loss.",
        ),
        Family(
            "Lists of different lengths",
            r"as many|do not fit|the same number|list .* is empty|at least (one|two) arrays?|differ in|arrays fit|choices|run from|constants for",
            "What belongs together one by one is of equal number.",
            "Look which list was cut, or has one too many.",
        ),
        Family(
            "An argument of another shape",
            r"shape|sizes",
            "It has to go with another argument, whose shape the message names.",
            "The shape that the message names.",
        ),
    ),
    "OutOfRangeError": (
        Family(
            "A label, a class or a place out of range",
            r"to \{…\}|labels?|class(es)?|places? from|runs? from",
            "Counted from 0: of K classes the last one is K − 1.",
            "`labels - 1` where they count from 1; as many outputs as there are classes; a larger table.",
        ),
    ),
    "ArgumentError": (
        Family(
            "A computation that cannot be written as ONNX",
            r"onnx\.",
            "What depends on values outside the graph would be frozen into the file, and a few operations have no operator there.",
            "Compute it with operations, or [leave it out of the model](how_to/onnx.md).",
        ),
        Family(
            "NaN, infinity and what is not finite",
            r"finite|NaN",
            "What goes in holds a NaN or an infinity, from which nothing can be computed.",
            "Clean the data, or [find where it comes from](how_to/find_a_nan.md).",
        ),
        Family(
            "A word that is none of the choices",
            r"must be (one of|True)|is one of|\bunknown\b|not one of|no (layout|framework|operation|such op)|mode (is|must)|is 'C'|indexing is|is 'reduced'|verbose is|depth must|ends in|form is|edge_order|order must be|p must be 1 or 2|is \{\w+\}; .*fits?$|is \{…\}; .*fits?$|fill must be|must be 'skip'|takes probabilities in Keras|which must|has no table CASES|channels must be 1|norm_type|unknown option|\b(is|has|gave) \{\}; .*fits?|not measured here",
            "A word or a number that is none of those the function knows; often another library's name for it.",
            "One of those that the message lists.",
        ),
        Family(
            "A label, a class or an index out of range",
            r"labels?\b|class(es)?\b|indices|padding_idx|places? from|targets run|runs? from|blank|cutoffs|topk|q must lie|k must lie|to \{…\} fit|target must be 1 or -1",
            "Counted from 0: of K classes the last one is K − 1.",
            "`labels - 1` where they count from 1; as many outputs as there are classes; a larger table.",
        ),
        Family(
            "A number that does not divide, or does not add up",
            r"divide|add up|split|leave samples|leaves a part|tails of|test_fraction|same_padding",
            "Groups, heads and parts must come out even, and shares leave something on both sides.",
            "A number that divides the one the message names.",
        ),
        Family(
            "Arguments that exclude each other, or need each other",
            r"exclude|give (one of|both|it|min|total|no other)|both must|min, max|neither|goe?s? with|excluded|leave (it|them) out|\b(is|are) for\b|needs? (momentum|a monitor|labels|initial|schedulers|running|an axis|no other)|makes (the mask|its batches)|do(es)? not fit(,|$)|own (targets|batch)|has an order of its own|in its epoch|stands in epoch|fits below|another optimizer|is 'dense'|recorder=|inputs=|must be recorded|gradient=|without its options|was given for|is that of|one of gradient|smaller than stride|output_padding|exceeds|below|use_input_stats|opset|needs weights|not with|have one|none\b.*monitor|has no momentum|one input|each needs|needs an input|needs a loss|params and|all parameters form|for \{\} groups|inputs, it takes|Module needs inputs|give --input|without replacement|not both|give the layers before",
            "Two arguments say one thing twice, or one has no meaning without the other.",
            "Leave one out, or give the other, as the message says.",
        ),
        Family(
            "Nothing to work on",
            r"empty|got none|no (parameters|batch|sample|epoch|array|layer|step|place|point|maps|walk|op was|problem)|nothing to|without samples|at least one|saw no|no test|ended after|ends once|no finite|nowhere|gave no|names no|needs schedulers|is not in the graph|no operation lies|takes no operand|the recorder",
            "What was handed over is empty, or nothing has happened yet that could be shown.",
            "Look where it was emptied; call `backward()`, or take a step, before what shows it.",
        ),
        Family(
            "A number beyond its bounds",
            r"must (be (at least|at most|above|\{\}|two|a number|a lower|a factor|an integer of)|lie|fit into|rise|not fall)|(is|of) at least|above 0|at most|lower \{\}|numbers? of at least|needs? 1|rise|fall|start at 0|bounds are|lengths of 1|pad_width|does not fit into|step \{\} (of|gives)|schedulers need|zeros and ones|nested|: \{\} must be|\{\} needs|has values|needs? one pair|needs stride 1|leaves \{\} of|1 to 9|0.05",
            "Rates, probabilities, sizes and counts have bounds; mostly the number was computed, or stands at another's place.",
            "A number within the bounds that the message names.",
        ),
        Family(
            "A name that is taken, unknown or no name",
            r"\bnames?\b|has no (parameter|module)|has no \{|no module|not part of|registered|is taken|no attribute|given twice|is computed|did not run|not computed|twice|holds this module itself|nested|not in|not an attribute|cannot be named|named by number",
            "A module, a layer, a property or a file is asked for by a name that is not there, or two have one.",
            "One of the names that the message lists; `print(model)` shows the paths.",
        ),
        Family(
            "Letters of einsum, and what NumPy's function does for arrays only",
            r"einsum|np\.\w+: .*(is|are) what|not supported for Tensors|np\.",
            "The subscripts cannot be read; or an option of NumPy's function has no derivative here.",
            "What the message says is supported; `.numpy()` where no gradient is wanted.",
        ),
        Family(
            "What was handed over cannot be read",
            r"has no source|cannot be (seen|written)|a Case,|where a file holds|: \{\}: \{\}$|order=2: ",
            "The function, the class or the file is none of those that can be looked into; or the reason is another error's, which the message ends with.",
            "What the message says would fit.",
        ),
        Family(
            "A device, a process or a thread",
            r"device|process|rank|threads|average_gradients|World|shard",
            "Work was asked for of something that is not there, or that every process would do alike.",
            "What the message names; [a GPU](how_to/gpu.md), [several processes](parallel.md).",
        ),
    ),
    "DTypeError": (
        Family(
            "Labels and indices that are no integers",
            r"labels?\b|ind(ex|ices)\b|places|targets must be integers|integers?\b|offsets|cutoffs|seed|a 0-d integer",
            "A place, a class or a count is an integer; a list of numbers makes a float Tensor here.",
            "`np.array([0, 1])` or `labels.astype(int)`; `//` in place of `/` for a size.",
        ),
        Family(
            "Masks and conditions that are no bools",
            r"mask has|condition|bool tensor|True or False|operands of dtypes",
            "A mask is made by a comparison; numbers are none.",
            "`x > 0`, `mask != 0`, or `mask.astype(bool)`.",
        ),
        Family(
            "Elements that are no real numbers",
            r"elements of type|masked elements|real numbers|complex|dtype (bool|object)|numbers fit|holds? \{value\}|not a number|text|cannot make an array|numbers and truths|must hold numbers|of numbers|no array of",
            "Text, objects, complex and masked arrays have no derivative here.",
            "Number the classes, fill the masked places, take real and imaginary part apart; an array with as many elements in each row.",
        ),
        Family(
            "Integers where floats belong",
            r"float dtype|a float|float32|dtype \{…\}|float inputs|has dtype|\bdtype\b",
            "Pixels and counts are integers, which have no derivative; or a file or a device holds fewer types.",
            '`images.astype("float32") / 255`.',
        ),
        Family(
            "What NumPy's function does and a Tensor does not",
            r"out=|not supported for Tensors|not defined for Tensors|array_api|to_device|__dlpack__|no length",
            "Writing into a given array, or a way of computing that records nothing.",
            "Take the result; `.numpy()` where no gradient is wanted.",
        ),
        Family(
            "What cannot be written to a file or to JSON",
            r"not written|JSON|save|metadata|nested|own\b|keeps no attribute|plain values",
            "Files hold arrays, numbers, text and containers; never code.",
            "Save `model.state_dict()` and make the model in code; `@nn.register` for classes of your own.",
        ),
        Family(
            "An object of another kind",
            r"fits?\b|must be|needs? |is an? |gave|gives|give|got|returns?|not a|takes|has no|two names|not of the model|the arguments are|: \{\}: \{\}",
            "A class where an instance belongs, a model where its parameters do, a tensor where a function does, or `None` because a function has no `return`.",
            "What the message says would fit.",
        ),
    ),
    "GraphError": (
        Family(
            "A graph that is used up or written over",
            r"freed|written over|computed again|computed it",
            "`backward()` frees what it has read; a write changes what it still has to read.",
            "Compute the loss anew before each `backward()`; `retain_graph=True` for two walks; write after, or into a copy.",
        ),
        Family(
            "Nothing to differentiate by",
            r"does not require grad|no way back|no output depends|does not depend|not a float leaf|no derivative of its own|written for arrays|needs a leaf|only leaves",
            "The result was computed from no parameter, under `no_grad()`, or outside the graph.",
            "`requires_grad=True` where the leaf is made; operations in place of `.numpy()`, `.item()` and `.data`.",
        ),
        Family(
            "More than one number to differentiate",
            r"single element|one element",
            "A gradient belongs to one number.",
            "`.sum()` or `.mean()` of the loss first.",
        ),
        Family(
            "Writing in place",
            r"written in place|cannot be (recorded|written)|out= |view whose",
            "A write would change what the graph has recorded, or memory that several elements share.",
            "`with no_grad():`, `.data`, or `where` and `concatenate` for a result with a gradient.",
        ),
        Family(
            "Leaving the graph unsaid",
            r"array by itself|handed out|bounds are constants",
            "The gradient would end there in silence.",
            "`.numpy()` or `.detach()` says that it is meant.",
        ),
        Family(
            "An operation or a hook of your own that gives back something else",
            r"backward|forward returned|returned|returns",
            "`backward` gives one gradient for each operand, in the operand's shape; `forward` one array; a hook one gradient, or None.",
            "[An operation of your own](how_to/own_operation.md).",
        ),
        Family(
            "A gradient that is not finite",
            r"finite",
            "The walk made a NaN or an infinity.",
            "A lower learning rate; [find where it comes from](how_to/find_a_nan.md).",
        ),
    ),
    "StateError": (
        Family(
            "The state of another class, or of other parameters",
            r"is that of|state dict|state of|groups|another's|parameters|hold?s no|keys|kinds|shape|metrics|callbacks|optimizer averages|averaged|hooks",
            "It was saved from something else, or the model has changed since.",
            "Make the object as it was when the state was saved; `strict=False` loads what is there.",
        ),
        Family(
            "A saved training that does not fit this one",
            r"fit:|generators?|history|place in the data|Trainer|count|does not fit|saved|files\.",
            "The data, the callbacks or the random generators are other than when it was saved; or the file was edited.",
            "The same data and callbacks, or begin anew.",
        ),
    ),
    "FormatError": (
        Family(
            "An ONNX graph that cannot be read or run",
            r"onnx\.",
            "A node has sizes or attributes that do not fit, or uses what is not known here.",
            "Export it again, with the sizes of the example input; the message names the node.",
        ),
        Family(
            "A file of PyTorch that is not read",
            r": load: |storage",
            "It holds code or classes, was made by a very old PyTorch, or is damaged.",
            "In PyTorch, `torch.save(model.state_dict(), path)`; copy it again.",
        ),
        Family(
            "An archive or a set of tensors that is damaged",
            r"archive|members?|checksum|altered|zip|suffix|bytes when|tensor \{…\}|UTF-8|\.npy|header|metadata|checkpoint|training|structure|state that|holds no|external data|state of|\.serial\.|\.files\.|history",
            "A download that broke off, a file of another kind, or one that was changed.",
            "Copy or download it again; for a model whose structure is not in the file, make it in code and load the weights.",
        ),
        Family(
            "A file or a folder of data that is another than its name says",
            r"expected|\{labels_file\}|IDX|CIFAR|rows?, |magic|list_eval|words of each class|ImageFolder|\.data\.",
            "The wrong file, an unpacked archive, or a download that broke off.",
            "The file that the message names; it says what was expected, and what was found.",
        ),
    ),
    "DeviceError": (
        Family(
            "Operands on different devices",
            r"different devices|lies on",
            "The model was moved and the data was not, or the other way round.",
            "`x.to(device)`, `DataLoader(..., device=device)`, `.cpu().numpy()` to read.",
        ),
        Family(
            "A device that is not there",
            r"device",
            "No GPU, no CuPy, or a number beyond the last one.",
            "`device('auto')`; [a GPU](how_to/gpu.md).",
        ),
    ),
    "MissingExtraError": (
        Family(
            "Nothing that lays out graphs",
            r"layout engine",
            "Neither Graphviz's `dot` nor pygraphviz is there.",
            "`pip install 'tinygrad-cnn[draw]'`; the DOT text, `.txt` and `print(viz.graph(x))` need no engine.",
        ),
        Family(
            "A package that is not installed",
            r"needs?\b|cannot be loaded|install",
            "NumPy is enough for the engine; the rest comes with extras.",
            "The line that the message ends with.",
        ),
    ),
    "KernelError": (
        Family(
            "Compiled kernels that cannot be had or kept",
            r"",
            "No compiler, no folder that can be written to, or an environment variable that forbids compiling.",
            '`use_kernels("reference")` goes on with NumPy; `TINYGRAD_CNN_CACHE` names another folder; `python -m tinygrad_cnn` tells the reason.',
        ),
    ),
    "DrawingError": (
        Family(
            "A layout that takes too long or is too large",
            r"did not finish|larger than",
            "A graph of very many boxes.",
            "`depth=1`, a smaller `max_nodes`, a larger `timeout`; `.svg`, `.pdf` or `.html`, which have no limit of size.",
        ),
        Family(
            "An engine that failed",
            r"",
            "Graphviz is damaged, was ended, or has no font or plugin for this format.",
            "Another format; `viz.engine()` says which engine serves; a path that ends in `.txt` needs none.",
        ),
    ),
    "AnomalyError": (
        Family(
            "A NaN or an infinity",
            r"",
            "The operation that the message names made it, of what came in.",
            "[Find where a NaN comes from](how_to/find_a_nan.md).",
        ),
    ),
    "UnlikeRanksError": (
        Family(
            "Processes that are not alike",
            r"",
            "Each process computes its share of one step, so all have the same model, optimizer and number of batches.",
            "`world.share_state(model)`, the same checkpoint on all, `DataLoader(shard=world)`.",
        ),
    ),
    "Hint": (
        Family(
            "A program that runs and does not do what was meant",
            r"",
            "The graph, the model or the images have a form that is mostly a mistake.",
            "What the hint says; it is given once in a process.",
        ),
    ),
    "Warnings": (
        Family(
            "A loss or weights that are not finite",
            r"NaN|loss is",
            "A rate that is too high, or data with NaN in it.",
            "A lower learning rate, `clip_grad_norm_`; [find where it comes from](how_to/find_a_nan.md).",
        ),
        Family(
            "A font that is not there",
            r"font",
            "The system has no font, or none with these letters.",
            "The line that the message ends with.",
        ),
        Family(
            "Something is done otherwise than was asked",
            r"",
            "Files were left out, epochs were done already, or a type is computed in another.",
            "What the message says.",
        ),
    ),
    "Python's classes": (
        Family(
            "An index or a key that is not there",
            r"out of range|outside|no (module|parameter) |not a key|has no places|axis is needed",
            "Counted from 0, of n the last is n − 1.",
            "An index within the bounds, or one of the names that the message lists.",
        ),
        Family(
            "A file or a folder that is not there, or may not be written",
            r"folder|file|download|serial\.atomic|data\.\w+_files|cache",
            "A path that is mistyped, or rights that are missing.",
            "Look from where the program runs: `Path.cwd()`.",
        ),
        Family(
            "A method of a subclass that is not written",
            r"is not written",
            "The class leaves this method to you.",
            "Write it, with the name and the arguments that the class documents: [layers](how_to/own_layer.md), [optimizers](how_to/own_optimizer.md).",
        ),
        Family(
            "A name that does not exist",
            r"has no attribute",
            "It is written wrong, or is another library's; the nearest name stands behind it.",
            "The name that the message suggests.",
        ),
        Family(
            "A process or a thread that ended, or holds what is wanted",
            r"process|interrupted|StopIteration",
            "It was killed for its memory, stopped by a signal, or another process is at work on the same files.",
            "`num_workers=0` makes batches in the main process; wait for the other process, or give each a folder of its own.",
        ),
        Family(
            "A value that has no meaning here",
            r"pixels from|whole number|has no length|\{\}$",
            "A number, an index or a length that the operation does not have.",
            "What the message says would fit.",
        ),
        Family(
            "What a standard asks for and is not there",
            r"array_api|interchange|exchange|capsules",
            "The array API standard and DLPack leave some things to the library; these are refused.",
            "What the message says would fit.",
        ),
    ),
    "PyTorch's classes": (
        Family(
            "Data or weights that are not fetched",
            r"download|not fetched|not found|hub|no file|not present|class folder|no valid file",
            "Nothing is fetched from the network under PyTorch's names.",
            "Put the files into the folder that the message names.",
        ),
        Family(
            "A device that is not there",
            r"device|cuda|CPU here",
            "Under PyTorch's names tensors lie on the CPU; `torch.cuda.is_available()` is False.",
            'Ask for the device as most programs do: `"cuda" if torch.cuda.is_available() else "cpu"`.',
        ),
        Family(
            "Something of PyTorch that is left out",
            r"left out|not supported|only supports|has no counterpart|no formula|no derivative|must be a number here|not in \{\}|one process here|no draw",
            "It needs what NumPy has not, or is rarely used; [PyTorch's names](pytorch_names.md) says what is there.",
            "What the message names in its place.",
        ),
        Family(
            "A method of a subclass that is not written",
            r"must implement|should implement|has no (_|log_|length)|Subclasses",
            "The class leaves this method to you.",
            "Write it.",
        ),
        Family(
            "Gradients and what they belong to",
            r"\bgrad|_grad|gradient|Jacobian|deepcopy|norm of order",
            "As in PyTorch: a leaf that requires grad, one number to differentiate, no writing in place.",
            "The same as in PyTorch.",
        ),
        Family(
            "Another error of PyTorch's, by its own class and in its own words",
            r"",
            "What PyTorch refuses is refused here by the same class, so that programs that catch it go on.",
            "The same as in PyTorch.",
        ),
    ),
}


def family(kind: str, module: str, text: str) -> Family | None:
    """The first family of a class that a message belongs to; None where there is no such family.

    Args:
        kind: the class of the error, or the group of a class of Python's.   module: where it stands.
        text: the message, with `{…}` for what it names.

    >>> family("ShapeError", "ops", "add: operands of shapes {listed} do not broadcast").title
    'Operands that do not broadcast'
    """
    plain = f"{module}: {re.sub(r'{.*?}', '{}', text)}"
    return next((one for one in FAMILIES.get(kind, ()) if re.search(one.pattern, plain)), None)

"""The words on drawings in Chinese, for the figures of the Chinese pages.

Operations, types and variables keep the names that the code on the page has. The pages show such drawings
as SVG: the reader's own fonts draw the Chinese words.
"""

from __future__ import annotations

import re

WORDS = {
    "Training step of the digits CNN": "手写数字卷积网络的一步训练",
    "L2 norms of gradients: |∂w| of the parameters in a box": "梯度的 L2 范数：|∂w| 是方框内参数的梯度",
    "darkest blue from half of the largest, each paler step half as much, palest below 1/32":
        "颜色越深梯度越大：最深为最大值的一半以上，每浅一级减半，最浅在 1/32 以下",
    "total": "合计", "norm": "范数", "axis": "轴", "mean": "平均", "result": "结果", "input": "输入",
    "padding": "填充", "stride": "步幅",
}  # fmt: skip
_PATTERN = re.compile(
    r"(?<![\w-])("
    + "|".join(re.escape(word) for word in sorted(WORDS, key=len, reverse=True))
    + r")(?![\w=])"
)


def in_chinese(source: str) -> str:
    """DOT text with the words of its labels in Chinese; attributes stand before "=", and stay.

    >>> in_chinese('n1 [label=result]')
    'n1 [label=结果]'
    """
    return _PATTERN.sub(lambda word: WORDS[word[0]], source)

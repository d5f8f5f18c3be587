"""EfficientNet-lite: networks of inverted bottlenecks without attention or swish.

Padding is that of TensorFlow, where the weights were trained: with stride 2 the
odd row and column of zeros lie below and to the right.
"""

import math
import re
from itertools import pairwise

from torch import nn
from torch.nn import functional

# Width and depth multipliers and input size, by name.
SIZES = {
    "efficientnet_lite0": (1.0, 1.0, 224),
    "efficientnet_lite1": (1.0, 1.1, 240),
    "efficientnet_lite2": (1.1, 1.2, 260),
    "efficientnet_lite3": (1.2, 1.4, 280),
    "efficientnet_lite4": (1.4, 1.8, 300),
}
_STEM, _HEAD = 32, 1280
# Repeats, kernel size, stride, expansion, channels; stem and ends are not scaled.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


class SamePadConv2d(nn.Conv2d):
    """A convolution without bias that pads as TensorFlow's "SAME"."""

    def __init__(self, n_in, n_out, size, stride=1, groups=1):
        super().__init__(n_in, n_out, size, stride, groups=groups, bias=False)

    def forward(self, x):
        """Pad, then convolve."""
        below = [
            _padding(side, self.kernel_size[0], self.stride[0])
            for side in x.shape[:1:-1]
        ]
        if any(below):
            pads = [part for pad in below for part in (pad // 2, pad - pad // 2)]
            x = functional.pad(x, pads)
        return super().forward(x)


def _padding(side, size, stride):
    return max((math.ceil(side / stride) - 1) * stride + size - side, 0)


class Bottleneck(nn.Module):
    """Expand, filter each channel, project; add the input where shapes allow."""

    def __init__(self, n_in, n_out, size, stride, expansion):
        super().__init__()
        n_hidden = n_in * expansion
        if expansion > 1:
            self.expand_conv = SamePadConv2d(n_in, n_hidden, 1)
            self.bn0 = nn.BatchNorm2d(n_hidden, eps=1e-3)
        self.depthwise_conv = SamePadConv2d(n_hidden, n_hidden, size, stride, n_hidden)
        self.bn1 = nn.BatchNorm2d(n_hidden, eps=1e-3)
        self.project_conv = SamePadConv2d(n_hidden, n_out, 1)
        self.bn2 = nn.BatchNorm2d(n_out, eps=1e-3)
        self.adds_input = stride == 1 and n_in == n_out

    def forward(self, x):
        """Pass a batch of maps through."""
        hidden = x
        if hasattr(self, "expand_conv"):
            hidden = functional.relu6(self.bn0(self.expand_conv(x)))
        hidden = functional.relu6(self.bn1(self.depthwise_conv(hidden)))
        hidden = self.bn2(self.project_conv(hidden))
        return hidden + x if self.adds_input else hidden


class EfficientNetLite(nn.Module):
    """The classifier; its layers have the names of the published weights."""

    def __init__(self, width, depth, n_classes=1000):
        super().__init__()
        self.conv_stem = SamePadConv2d(3, _STEM, 3, 2)
        self.bn0 = nn.BatchNorm2d(_STEM, eps=1e-3)
        self.blocks = nn.Sequential(*_bottlenecks(width, depth))
        n_last = _scaled(_STAGES[-1][-1], width)
        self.conv_head = SamePadConv2d(n_last, _HEAD, 1)
        self.bn1 = nn.BatchNorm2d(_HEAD, eps=1e-3)
        self.relu = nn.ReLU6()
        self.fc = nn.Linear(_HEAD, n_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                # Otherwise random features fade to nothing.
                nn.init.kaiming_normal_(module.weight, nonlinearity="relu")

    def forward(self, x):
        """Scores of the classes for a batch of pictures."""
        x = functional.relu6(self.bn0(self.conv_stem(x)))
        x = self.relu(self.bn1(self.conv_head(self.blocks(x))))
        return self.fc(x.mean((2, 3)))


def _bottlenecks(width, depth):
    channels = [_STEM, *(_scaled(stage[-1], width) for stage in _STAGES)]
    ends = (0, len(_STAGES) - 1)
    for number, ((repeats, size, stride, expansion, _), (n_in, n_out)) in enumerate(
        zip(_STAGES, pairwise(channels), strict=True)
    ):
        repeats = repeats if number in ends else math.ceil(repeats * depth)
        yield Bottleneck(n_in, n_out, size, stride, expansion)
        for _ in range(repeats - 1):
            yield Bottleneck(n_out, n_out, size, 1, expansion)


def _scaled(channels, width):
    """A multiple of 8, at most a tenth below the exact product.

    Examples
    --------
    >>> [_scaled(channels, 1.1) for channels in (16, 24, 40, 320)]
    [16, 24, 48, 352]
    """
    rounded = max(8, int(channels * width + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels * width else rounded


def translate_names(state):
    """Published names of tensors in the words of `EfficientNetLite`.

    Examples
    --------
    >>> translate_names({"_blocks.0._bn1.bias": 0})
    {'blocks.0.bn1.bias': 0}
    """
    return {re.sub(r"(^|\.)_", r"\1", name): value for name, value in state.items()}

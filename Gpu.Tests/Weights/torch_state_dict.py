"""Loads a safetensors file with PyTorch's names by load_state_dict, and prints the outputs of the module. Called by RunExportTests.

Arguments: the safetensors file, a file with inputs [n, 1, 8, 8] as 32-bit floats.
"""

import json
import struct
import sys

import torch
from torch import nn


class Net(nn.Module):
    """SmallData.Network; the attributes have the names of its layers."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1, bias=False)
        self.batchnorm1 = nn.BatchNorm2d(6)
        self.dense1 = nn.Linear(96, 12)
        self.dense2 = nn.Linear(12, 4)

    def forward(self, x):
        x = nn.functional.max_pool2d(torch.relu(self.batchnorm1(self.conv1(x))), 2)
        return self.dense2(torch.relu(self.dense1(torch.flatten(x, 1))))


def floats(data):
    return torch.tensor(struct.unpack(f"<{len(data) // 4}f", data))


with open(sys.argv[1], "rb") as file:
    content = file.read()
start = 8 + struct.unpack("<Q", content[:8])[0]
header = json.loads(content[8:start])
header.pop("__metadata__", None)
state = {}
for name, entry in header.items():
    begin, end = entry["data_offsets"]
    state[name] = floats(content[start + begin : start + end]).reshape(entry["shape"])
net = Net()
net.load_state_dict(state)
net.eval()
with open(sys.argv[2], "rb") as file:
    inputs = floats(file.read()).reshape(-1, 1, 8, 8)
with torch.no_grad():
    print(json.dumps(net(inputs).flatten().tolist()))

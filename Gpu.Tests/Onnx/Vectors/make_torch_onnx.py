"""Writes torch.onnx, a small network as PyTorch's exporter writes it, and torch.json, inputs and outputs of it. Needs PyTorch (1.13 was used)."""

import json
import os

import torch
from torch import nn

torch.manual_seed(1)


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, groups=2, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.down = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)) if inputs != outputs else nn.Identity()

    def forward(self, x):
        y = torch.relu(self.bn1(self.conv1(x)))
        return torch.relu(self.bn2(self.conv2(y)) + self.down(x))


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.SiLU(), nn.MaxPool2d(3, 2, 1))
        self.blocks = nn.Sequential(Block(8, 8, 1), Block(8, 16, 2))
        self.dense1 = nn.Linear(16 * 3 * 4, 12)
        self.norm = nn.BatchNorm1d(12)
        self.dense2 = nn.Linear(12, 5)
        self.dense3 = nn.Linear(16, 5)

    def forward(self, x):
        x = self.blocks(self.stem(x))
        pooled = self.dense3(torch.flatten(nn.functional.adaptive_avg_pool2d(x, 1), 1))
        y = x.view(x.size(0), -1)
        y = nn.functional.leaky_relu(self.norm(self.dense1(y)), 0.2)
        return self.dense2(nn.functional.gelu(y)) + pooled


net = Net()
for module in net.modules():
    if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
        nn.init.uniform_(module.running_mean, -0.3, 0.3)
        nn.init.uniform_(module.running_var, 0.5, 2)
        nn.init.uniform_(module.weight, 0.5, 1.5)
        nn.init.uniform_(module.bias, -0.3, 0.3)
net.eval()
x = torch.rand(2, 3, 12, 16) * 2 - 1
folder = os.path.dirname(os.path.abspath(__file__))
torch.onnx.export(
    net, x, os.path.join(folder, "torch.onnx"), input_names=["x"], output_names=["y"], opset_version=13, do_constant_folding=False,
    training=torch.onnx.TrainingMode.PRESERVE, dynamic_axes={"x": {0: "n"}, "y": {0: "n"}},
)
with open(os.path.join(folder, "torch.json"), "w") as file:
    # Inputs in the order [n, height, width, channel].
    json.dump({"inputs": x.permute(0, 2, 3, 1).flatten().tolist(), "outputs": net(x).flatten().tolist()}, file)
    file.write("\n")

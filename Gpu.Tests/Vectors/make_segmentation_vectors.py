#!/usr/bin/env python3
"""Writes segmentation_vectors.json: ten training steps of a small U-Net in PyTorch with each loss of pixels. SegmentationTrajectoryTests.cs compares with it.

  python3 make_segmentation_vectors.py        (PyTorch 1.13 or later and NumPy; no GPU)

Parameters and batches come from the hash of make_trajectories.py: parameter NUMBER is center + bound * signed(unet/parameters/NUMBER), pixels are
signed(unet/images/STEP), labels (hash24(unet/labels/STEP) * 4 >> 24), of which 3 is the void label 255. Element order is GpuTrainer's: images [sample,
height, width, channel], weights [kh, kw, in, out], of transposed convolutions [kh, kw, out, in].

The loss is the mean over the images of the loss of an image, whose means are over its pixels that are not void. Optimizer: SGD with momentum 0.9.
"""
import json, os
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from make_trajectories import hash24, signed

STEPS, BATCH, SIDE, CLASSES, RATE, VOID = 10, 3, 16, 3, 0.05, 255


def block(i, o):
    return nn.Sequential(nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU())


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down1, self.down2, self.bottom = block(3, 4), block(4, 8), block(8, 12)
        self.up2, self.right2 = nn.ConvTranspose2d(12, 8, 2, 2), block(16, 8)
        self.up1, self.right1 = nn.ConvTranspose2d(8, 4, 2, 2), block(8, 4)
        self.last = nn.Conv2d(4, CLASSES, 1)

    def forward(self, x):
        a = self.down1(x)
        b = self.down2(F.max_pool2d(a, 2))
        c = self.bottom(F.max_pool2d(b, 2))
        c = self.right2(torch.cat([b, self.up2(c)], 1))
        return self.last(self.right1(torch.cat([a, self.up1(c)], 1)))


def image_loss(logits, labels, kind):
    """The loss of one image; logits [classes, height, width]."""
    x = logits.flatten(1).T
    y = labels.flatten()
    x, y = x[y != VOID], y[y != VOID]
    total = 0
    entropy = F.cross_entropy(x, y, reduction="none")
    if "cross-entropy" in kind:
        total = total + entropy.mean()
    if "focal" in kind:
        total = total + ((1 - torch.exp(-entropy)) ** 2 * entropy).mean()
    if "dice" in kind:
        p, t = F.softmax(x, 1), F.one_hot(y, CLASSES).to(x.dtype)
        total = total + 1 - ((2 * (p * t).sum(0) + 1) / (p.sum(0) + t.sum(0) + 1)).mean()
    return total


def run(kind):
    net = UNet().double()
    for number, p in enumerate(net.parameters()):
        shape = list(p.shape) if p.dim() == 1 else [p.shape[2], p.shape[3], p.shape[1], p.shape[0]]
        bound = 0.3 if p.dim() > 1 else 0.1
        values = np.float32((1.0 if p.dim() == 1 and is_gamma(net, p) else 0.0) + bound * signed(f"unet/parameters/{number}", p.numel()))
        values = torch.from_numpy(values.astype(np.float64))
        p.data = values if p.dim() == 1 else values.reshape(shape).permute(3, 2, 0, 1).contiguous()
    optimizer = torch.optim.SGD(net.parameters(), lr=RATE, momentum=0.9)
    losses, squares = [], None
    for step in range(STEPS):
        pixels = np.float32(signed(f"unet/images/{step}", BATCH * SIDE * SIDE * 3)).astype(np.float64)
        x = torch.from_numpy(pixels).reshape(BATCH, SIDE, SIDE, 3).permute(0, 3, 1, 2)
        y = torch.from_numpy(hash24(f"unet/labels/{step}", BATCH * SIDE * SIDE) * (CLASSES + 1) >> 24).reshape(BATCH, SIDE, SIDE)
        y = torch.where(y == CLASSES, torch.full_like(y, VOID), y)
        # The truth follows the image in half of the pixels, so that there is something to learn.
        y = torch.where((x[:, 0] > 0.3) & (y != VOID), torch.zeros_like(y), y)
        optimizer.zero_grad()
        logits = net(x)
        loss = sum(image_loss(logits[i], y[i], kind) for i in range(BATCH)) / BATCH
        loss.backward()
        squares = squares or [float((p.grad ** 2).sum()) for p in net.parameters()]
        losses.append(float(loss))
        optimizer.step()
    return {"losses": losses, "gradients": squares}


def is_gamma(net, p):
    return any(m.weight is p for m in net.modules() if isinstance(m, nn.BatchNorm2d))


if __name__ == "__main__":
    torch.set_num_threads(1)
    result = {kind: run(kind) for kind in ("cross-entropy", "dice", "focal", "cross-entropy+dice")}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "segmentation_vectors.json")
    with open(path, "w") as file:
        json.dump({"rate": RATE, "batch": BATCH, "side": SIDE, "classes": CLASSES, "losses": result}, file, indent=1)
        file.write("\n")
    print(path, {kind: (r["losses"][0], r["losses"][-1]) for kind, r in result.items()})

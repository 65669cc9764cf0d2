#!/usr/bin/python3
"""Trains the network of the recipe cifar10-fast in PyTorch on the CPU: the published recipe, each part of which can be switched off.

    torch_cifar.py FOLDER [--channels 64,256,256] [--epochs 10] [--seed 1] [--without dirac,reflect,...]

FOLDER holds CIFAR-10's binary format: data_batch_1.bin to data_batch_5.bin and test_batch.bin. The recipe is that of Jordan, "94% on CIFAR-10 in 3.29
seconds on a single GPU", 2024 (arXiv:2404.00498). An epoch prints its training accuracy, its test accuracy and its time; the last line is JSON, with the
accuracy on the test images alone and with test-time augmentation.

--without takes the parts to leave out:
  whiten     the first convolution gets random filters, which are trained
  dirac      the 3x3 convolutions start with random filters only, none of them the identity
  reflect    shifted images are black at the border, instead of reflecting it
  flip       images are never mirrored
  alternate  images are mirrored at random, instead of in every other epoch
  lookahead  no averaging of weights (--ema takes its place)
  freeze     the bias of the first convolution is trained in all epochs, instead of in the first three
"""
import argparse
import json
import math
import time

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

PARTS = ("whiten", "dirac", "reflect", "flip", "alternate", "lookahead", "freeze")
SIDE, SHIFT, PAD = 32, 2, 2


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("--channels", default="64,256,256", help="channels of the three blocks")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--rate", type=float, default=11.5, help="learning rate per 1,024 images, before the division by the effect of momentum")
    parser.add_argument("--decay", type=float, default=0.0153, help="weight decay per 1,024 images, likewise")
    parser.add_argument("--momentum", type=float, default=0.85)
    parser.add_argument("--bias-scale", type=float, default=64, help="factor of the learning rate of batch normalization's biases")
    parser.add_argument("--smoothing", type=float, default=0.2)
    parser.add_argument("--ema", type=float, default=0, help="decay of a moving average of the weights at each step")
    parser.add_argument("--without", default="", help="parts to leave out, with commas: " + ", ".join(PARTS))
    parser.add_argument("--images", type=int, default=0, help="only as many training images; 0: all")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    options.without = set(filter(None, options.without.split(",")))
    unknown = options.without - set(PARTS)
    if unknown:
        parser.error(f"--without does not know {', '.join(sorted(unknown))}; it knows {', '.join(PARTS)}")
    return options


def load(folder, names):
    records = np.concatenate([np.fromfile(f"{folder}/{name}.bin", dtype=np.uint8).reshape(-1, 3 * SIDE * SIDE + 1) for name in names])
    images = records[:, 1:].reshape(-1, 3, SIDE, SIDE).transpose(0, 2, 3, 1)
    return torch.from_numpy(images.copy()), torch.from_numpy(records[:, 0].astype(np.int64))


class Net(nn.Module):
    def __init__(self, widths, dirac):
        super().__init__()
        self.first = nn.Conv2d(3, 24, 2)
        nn.init.zeros_(self.first.bias)
        layers, inputs = [], 24
        for width in widths:
            layers += [self.conv(inputs, width, dirac), nn.MaxPool2d(2), self.norm(width), nn.GELU()]
            layers += [self.conv(width, width, dirac), self.norm(width), nn.GELU()]
            inputs = width
        self.blocks = nn.Sequential(*layers)
        self.last = nn.Linear(inputs, 10, bias=False)

    @staticmethod
    def conv(inputs, outputs, dirac):
        layer = nn.Conv2d(inputs, outputs, 3, padding=1, bias=False)
        if dirac:
            nn.init.dirac_(layer.weight.data[:inputs])
        return layer

    @staticmethod
    def norm(channels):
        layer = nn.BatchNorm2d(channels, eps=1e-12, momentum=0.4)
        layer.weight.requires_grad = False
        return layer

    def forward(self, x):
        x = self.blocks(F.gelu(self.first(x)))
        return self.last(F.max_pool2d(x, 3).flatten(1)) / 9


def whiten(layer, images):
    # The moment in double: in float the smallest eigenvalues of the JPEG copies come out negative.
    patches = images.unfold(2, 2, 1).unfold(3, 2, 1).permute(0, 2, 3, 1, 4, 5).reshape(-1, 12).double()
    values, vectors = torch.linalg.eigh(patches.T @ patches / len(patches))
    filters = (vectors / torch.sqrt(values + 5e-4)).T.flip(0).reshape(12, 3, 2, 2).float()
    layer.weight.data.copy_(torch.cat([filters, -filters]))
    layer.weight.requires_grad = False


class Views:
    """Shifted and mirrored views of images as batches [count, 3, 32, 32] in channels-last order."""

    def __init__(self, images, mean, deviation, reflect):
        padded = np.pad(images.numpy(), ((0, 0), (PAD, PAD), (PAD, PAD), (0, 0)), "reflect" if reflect else "constant")
        self.side = SIDE + 2 * PAD
        self.pixels = torch.from_numpy(padded).reshape(-1, 3)
        self.mean, self.deviation = 255 * mean, 255 * deviation

    def batch(self, index, rows, columns, mirrored):
        line = torch.arange(SIDE)
        y = rows[:, None] + line
        x = columns[:, None] + torch.where(mirrored[:, None], SIDE - 1 - line, line)
        at = (index[:, None, None] * self.side + y[:, :, None]) * self.side + x[:, None, :]
        pixels = (self.pixels.index_select(0, at.flatten()).float() - self.mean) / self.deviation
        return pixels.view(len(index), SIDE, SIDE, 3).permute(0, 3, 1, 2)

    def same(self, index, shift=0, mirror=False):
        at = torch.full((len(index),), PAD + shift)
        return self.batch(index, at, at, torch.full((len(index),), mirror))


def accuracy(net, views, labels, augment):
    net.eval()
    hits = 0
    with torch.no_grad():
        for index in torch.arange(len(labels)).split(500):
            mirrors = lambda shift: 0.5 * net(views.same(index, shift)) + 0.5 * net(views.same(index, shift, True))
            logits = 0.5 * mirrors(0) + 0.25 * mirrors(-1) + 0.25 * mirrors(1) if augment else net(views.same(index))
            hits += (logits.argmax(1) == labels[index]).sum().item()
    net.train()
    return 100 * hits / len(labels)


def main():
    options = parse()
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    has = lambda part: part not in options.without
    images, labels = load(options.folder, [f"data_batch_{i}" for i in range(1, 6)])
    if options.images:
        images, labels = images[:options.images], labels[:options.images]
    test_images, test_labels = load(options.folder, ["test_batch"])
    values = images.numpy().reshape(-1, 3) / np.float32(255)
    mean, deviation = (torch.from_numpy(moment(0, dtype=np.float64)).float() for moment in (values.mean, values.std))
    del values
    train, test = Views(images, mean, deviation, has("reflect")), Views(test_images, mean, deviation, True)

    net = Net([int(width) for width in options.channels.split(",")], has("dirac"))
    if has("whiten"):
        whiten(net.first, train.same(torch.arange(5000)))
    net = net.to(memory_format=torch.channels_last)
    net.train()

    per_epoch = len(images) // options.batch
    steps = options.epochs * per_epoch
    # The rates of the paper are for a loss that is a sum over the batch; the mean has a gradient that is smaller by the batch size.
    kilostep = 1024 * (1 + 1 / (1 - options.momentum))
    rate = options.rate / kilostep * options.batch
    decay = options.decay * options.batch / kilostep
    trained = [p for p in net.parameters() if p.requires_grad]
    biases = [m.bias for m in net.modules() if isinstance(m, nn.BatchNorm2d)]
    others = [p for p in trained if all(p is not bias for bias in biases)]
    optimizer = torch.optim.SGD(
        [dict(params=biases, lr=rate * options.bias_scale, weight_decay=decay / (rate * options.bias_scale)),
         dict(params=others, lr=rate, weight_decay=decay / rate)], momentum=options.momentum, nesterov=True)

    def triangle(step):
        part = step / steps
        return 0.2 + 0.8 * part / 0.23 if part < 0.23 else 1 - 0.93 * (part - 0.23) / 0.77

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, triangle)
    averaged = {k: v.clone() for k, v in net.state_dict().items() if v.is_floating_point()}

    def move(part, back):
        # averaged += part (current - averaged), and with back the network continues from it. Lookahead does so with batch normalization's statistics too.
        with torch.no_grad():
            for key, value in net.state_dict().items():
                if key in averaged:
                    averaged[key].lerp_(value, part)
                    if back:
                        value.copy_(averaged[key])

    mirrored = torch.rand(len(images)) < 0.5
    start, step, evaluation = time.time(), 0, 0.0
    for epoch in range(options.epochs):
        began, hits, total = time.time(), 0, 0.0
        net.first.bias.requires_grad = epoch < 3 or not has("freeze")
        if not net.first.bias.requires_grad:
            net.first.bias.grad = None
        order = torch.randperm(len(images))
        rows, columns = (torch.randint(PAD - SHIFT, PAD + SHIFT + 1, (len(images),)) for _ in range(2))
        if not has("alternate"):
            mirrored = torch.rand(len(images)) < 0.5
        flips = (mirrored if epoch % 2 == 0 else ~mirrored) if has("flip") else torch.zeros(len(images), dtype=torch.bool)
        for index in order[:per_epoch * options.batch].split(options.batch):
            outputs = net(train.batch(index, rows[index], columns[index], flips[index]))
            loss = F.cross_entropy(outputs, labels[index], label_smoothing=options.smoothing)
            if not math.isfinite(loss.item()):
                raise SystemExit(f"the loss of step {step + 1} is {loss.item()}")
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            step += 1
            hits += (outputs.argmax(1) == labels[index]).sum().item()
            total += loss.item()
            if options.ema:
                move(1 - min(options.ema, (1 + step) / (10 + step)), False)
            elif has("lookahead") and step % 5 == 0:
                move(1 - 0.95 ** 5 * (step / steps) ** 3, True)
        took = time.time() - began
        last = epoch + 1 == options.epochs
        if last and options.ema:
            net.load_state_dict({**net.state_dict(), **{k: v for k, v in averaged.items() if "running" not in k}})
        elif last and has("lookahead"):
            net.load_state_dict({**net.state_dict(), **averaged})
        began = time.time()
        alone = accuracy(net, test, test_labels, False)
        evaluation += time.time() - began
        print(f"epoch {epoch + 1}/{options.epochs}  loss {total / per_epoch:.4f}  accuracy {100 * hits / (per_epoch * options.batch):.2f} %  "
              f"test accuracy {alone:.2f} %  {took:.1f} s", flush=True)
    print(json.dumps(dict(seed=options.seed, channels=options.channels, epochs=options.epochs, batch=options.batch, without=sorted(options.without),
                          ema=options.ema, test=alone, augmented=accuracy(net, test, test_labels, True), seconds=round(time.time() - start - evaluation, 1))))


main()

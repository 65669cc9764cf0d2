#!/usr/bin/env python3
"""Writes trajectories.json: ten training steps of the built-in networks in PyTorch. TrajectoryTests.cs compares GpuTrainer with them.

  python3 make_trajectories.py [--only cnn2,...] [--report]        (PyTorch 1.13 or later and NumPy; no GPU)

No random numbers are stored: parameters and batches come from an integer hash that HashValues.cs computes bit for bit the same.

  key(name)       FNV-1a (64 bits) of the ASCII name
  hash(name, i)   SplitMix64: z = key + (i + 1) * 0x9E3779B97F4A7C15, then its finalizer;  u = the top 24 bits, an integer
  parameter       float32(center + bound * (u * 2**-23 - 1)), in double until the last rounding
  label           u * 10 >> 24                        of the name DATA/labels/BATCH, at the sample
  image           float32(u * 2**-25 + p * 2**-25)    u: DATA/images/BATCH at the element, p: DATA/patterns at label * elements + element
                  (half noise, half a pattern of the class, so that there is something to learn); DATA is the name of the network or its entry in DATA
  mlp10           two inputs float32(u * 2**-24) per sample; the target is 1 if their sum exceeds 1, else 0

Element order is GpuTrainer's: images [sample, height, width, channel], convolution weights [kh, kw, in, out], dense weights [in, out], where
'in' of a dense layer after a convolution runs over height, width, channel. This script permutes into PyTorch's order.

For each network: the losses of ten steps in double precision, the loss on batch 0 in evaluation mode afterwards (running statistics), and for
each parameter, in the order of the layers (weights, bias; gamma, beta): its shape, center and bound, the sum of squares of its gradient in step 1,
and after step 10 the sum of squares of the change by training and a projection of that change: the dot product with 2u/2**24 - 1 of
DATA/projection/PARAMETER, which detects a permutation. 'float32' holds the relative differences between PyTorch's single and double precision: the
largest of RUNS runs, from the same parameters and from parameters perturbed by a few rounding errors. It bounds the precision that a test can require.

A trajectory that amplifies rounding errors proves nothing, so the data are chosen such that it does not. The gradients of ReLU and max pooling are
discontinuous, and Adam moves a weight whose gradient is almost 0 by the full learning rate in a direction that depends on rounding. Before a
normalization layer, the effect of such a step depends on its size relative to the weights. Weights before a normalization layer are therefore larger
than usual (their scale has no effect on the forward pass). Batches are small: with fewer activations, fewer are near a discontinuity (cnn3 on batches
of 32 has one, which changed the ninth loss by 5e-4 in one of 30 runs of PyTorch). The learning rates are those of the recipes, except for resnet20
(0.1) and vgg_small (0.05): with those rates, ten steps on batches of 8 or 4 amplify a rounding error 10^5 times for any data.
"""
import argparse, json, math, os
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F

STEPS = 10
RUNS = 20
JITTER = 3e-7
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


def key(name):
    h = 0xCBF29CE484222325
    for b in name.encode("ascii"):
        h = (h ^ b) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return np.uint64(h)


def hash24(name, count):
    """The first 'count' 24-bit integers of a name, as int64."""
    with np.errstate(over="ignore"):
        z = key(name) + np.arange(1, count + 1, dtype=np.uint64) * GOLDEN
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return ((z ^ (z >> np.uint64(31))) >> np.uint64(40)).astype(np.int64)


def signed(name, count):
    return hash24(name, count) * 2.0 ** -23 - 1.0


# The networks. Every convolution, dense and normalisation layer appears in the order of the data flow, which is the order of parameters().

class Sequence(nn.Module):
    def __init__(self, *layers):
        super().__init__()
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return self.layers(x)


def conv_bn(i, o):
    return [nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU()]


def cnn2():
    return Sequence(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
                    nn.Flatten(), nn.Linear(5 * 5 * 64, 64), nn.ReLU(), nn.Linear(64, 10))


def mlp10():
    return Sequence(nn.Linear(2, 10), nn.ReLU(), nn.Linear(10, 1), nn.Sigmoid())


def mlp64x2():
    return Sequence(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))


def cnn3():
    return Sequence(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(32, 64, 3), nn.ReLU(), nn.MaxPool2d(2),
                    nn.Conv2d(64, 64, 3), nn.ReLU(), nn.Flatten(), nn.Linear(3 * 3 * 64, 64), nn.ReLU(), nn.Linear(64, 10))


def mlp128():
    return Sequence(nn.Flatten(), nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 10))


def lenet_bn28():  # dropout off
    return Sequence(*conv_bn(1, 32), *conv_bn(32, 32), nn.MaxPool2d(2), *conv_bn(32, 64), *conv_bn(64, 64), nn.MaxPool2d(2),
                    nn.Flatten(), nn.Linear(64 * 7 * 7, 128, bias=False), nn.BatchNorm1d(128), nn.ReLU(), nn.Linear(128, 10))


class Block(nn.Module):
    """Basic block of a CIFAR ResNet with shortcut 'option A': every second row and column, channels zero-padded on both sides."""

    def __init__(self, i, o, stride):
        super().__init__()
        self.stride, self.pad = stride, (o - i) // 2
        self.main = nn.Sequential(nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o), nn.ReLU(),
                                  nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        y = self.main(x)
        if self.stride != 1:
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.pad, self.pad))
        return F.relu(y + x)


def resnet20():
    layers, i = conv_bn(3, 16), 16
    for o, stride in ((16, 1), (32, 2), (64, 2)):
        for k in range(3):
            layers.append(Block(i, o, stride if k == 0 else 1))
            i = o
    return Sequence(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


def vgg_small():
    layers, i = [], 3
    for o in (64, 128, 256):
        layers += [*conv_bn(i, o), *conv_bn(o, o), nn.MaxPool2d(2)]
        i = o
    return Sequence(*layers, nn.Flatten(), nn.Linear(256 * 16, 10))


def decay_weights(net, decay):
    """Coupled L2 decay on weights only: biases, gamma and beta have none."""
    return [{"params": [p for p in net.parameters() if p.dim() > 1], "weight_decay": decay},
            {"params": [p for p in net.parameters() if p.dim() <= 1], "weight_decay": 0.0}]


def adam(lr, decay=0.0):
    return lambda net: torch.optim.Adam(decay_weights(net, decay), lr=lr)


def sgd(lr, decay, **more):
    return lambda net: torch.optim.SGD(net.parameters(), lr=lr, weight_decay=decay, **more)


# name: network, sample shape (height, width, channels), batch size, optimizer, factor of the weights in front of a normalisation, gamma
NETWORKS = {
    "cnn2": (cnn2, (28, 28, 1), 8, adam(1e-3, 5e-4), 1, 1.0),
    "mlp10": (mlp10, (2,), 32, adam(1e-2, 1e-3), 1, 1.0),
    "mlp64x2": (mlp64x2, (28, 28, 1), 32, adam(1e-3, 1e-3), 1, 1.0),
    "cnn3": (cnn3, (28, 28, 1), 8, adam(1e-3), 1, 1.0),
    "mlp128": (mlp128, (28, 28, 1), 8, sgd(.01, 1e-4), 1, 1.0),
    "lenet_bn28": (lenet_bn28, (28, 28, 1), 7, adam(1e-3, 5e-4), 24, 1.0),
    "resnet20": (resnet20, (32, 32, 3), 8, sgd(.003, 5e-4, momentum=.9, nesterov=True), 16, 1.0),
    "vgg_small": (vgg_small, (32, 32, 3), 4, sgd(.001, 5e-4, momentum=.9, nesterov=True), 16, 0.3),
}


# The names of the hash where they are not the network's: those under which its data were chosen.
DATA = {"cnn2": "seed0", "mlp10": "seed1", "mlp64x2": "seed2", "cnn3": "seed3", "mlp128": "seed4"}


def batch(network, shape, size, number):
    """Inputs (float32, GpuTrainer's order) and labels or targets of one batch."""
    name = DATA.get(network, network)
    elements = int(np.prod(shape))
    u = hash24(f"{name}/images/{number}", size * elements).reshape(size, elements)
    if network == "mlp10":
        x = (u * 2.0 ** -24).astype(np.float32)
        return x, (x.astype(np.float64).sum(1, keepdims=True) > 1).astype(np.float32)
    labels = hash24(f"{name}/labels/{number}", size) * 10 >> 24
    p = hash24(f"{name}/patterns", 10 * elements).reshape(10, elements)[labels]
    return (u * 2.0 ** -25 + p * 2.0 ** -25).astype(np.float32).reshape(size, *shape), labels


def tensors(net, shape, weights, gamma):
    """For each parameter: its entry for the file, and the function that converts GpuTrainer's element order to PyTorch's."""
    x = torch.zeros(2, shape[-1], *shape[:-1]) if len(shape) == 3 else torch.zeros(2, *shape)
    flattened = {}  # dense layer after a Flatten -> its input as (height, width, channels)
    last = {}

    def before(module, inputs):
        if isinstance(module, nn.Flatten):
            last["shape"] = inputs[0].shape[1:]
        elif isinstance(module, nn.Linear):
            if "shape" in last and len(last["shape"]) == 3:
                c, h, w = last["shape"]
                flattened[module] = (h, w, c)
            last.clear()

    hooks = [m.register_forward_pre_hook(before) for m in net.modules() if isinstance(m, (nn.Flatten, nn.Linear))]
    net.eval()
    with torch.no_grad():
        net(x)
    net.train()
    for hook in hooks:
        hook.remove()
    result = []
    for module in net.modules():
        for kind, parameter in module.named_parameters(recurse=False):
            s = tuple(parameter.shape)
            if isinstance(module, nn.Conv2d) and kind == "weight":
                ours, order = (s[2], s[3], s[1], s[0]), lambda v, q=(s[2], s[3], s[1], s[0]): v.reshape(q).transpose(3, 2, 0, 1)
            elif isinstance(module, nn.Linear) and kind == "weight":
                ours = (s[1], s[0])
                if module in flattened:
                    order = lambda v, q=(*flattened[module], s[0]): v.reshape(q).transpose(3, 2, 0, 1).reshape(q[3], -1)
                else:
                    order = lambda v, q=ours: v.reshape(q).T
            else:
                ours, order = s, lambda v: v
            if len(s) > 1:  # He's uniform bound
                center, bound = 0.0, math.sqrt(6.0 / (parameter.numel() // s[0])) * (weights if module.bias is None else 1.0)
            elif isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)) and kind == "weight":
                center, bound = gamma, gamma / 4
            else:
                center, bound = 0.0, 0.125
            result.append((parameter, {"shape": list(ours), "center": center, "bound": bound}, order))
    assert [id(p) for p, _, _ in result] == [id(p) for p in net.parameters()]
    return result


def run(name, dtype, jitter=None):
    make, shape, size, optimizer, weights, gamma = NETWORKS[name]
    data = DATA.get(name, name)
    net = make()
    parameters = tensors(net, shape, weights, gamma)
    net = net.to(dtype)
    start = []
    with torch.no_grad():
        for number, (parameter, entry, order) in enumerate(parameters):
            v = (entry["center"] + entry["bound"] * signed(f"{data}/parameters/{number}", parameter.numel())).astype(np.float32)
            if jitter is not None:
                v = (v * (1 + JITTER * jitter.uniform(-1, 1, v.size))).astype(np.float32)
            start.append(torch.from_numpy(np.ascontiguousarray(order(v))).to(torch.float64))
            parameter.copy_(start[-1])
    step = optimizer(net)
    loss_of = F.mse_loss if name == "mlp10" else F.cross_entropy

    def loss_on(number):
        x, y = batch(name, shape, size, number)
        x = torch.from_numpy(x)
        if x.dim() == 4:
            x = x.permute(0, 3, 1, 2).contiguous()
        y = torch.from_numpy(y)
        return loss_of(net(x.to(dtype)), y.to(dtype) if name == "mlp10" else y)

    losses = []
    for number in range(STEPS):
        step.zero_grad(set_to_none=True)
        loss = loss_on(number)
        loss.backward()
        if number == 0:
            for parameter, entry, _ in parameters:
                entry["gradient"] = (parameter.grad.double() ** 2).sum().item()
        step.step()
        losses.append(loss.item())
    net.eval()
    with torch.no_grad():
        evaluation = loss_on(0).item()
        for number, (parameter, entry, order) in enumerate(parameters):
            change = parameter.double() - start[number]
            direction = torch.from_numpy(np.ascontiguousarray(order(signed(f"{data}/projection/{number}", parameter.numel()))))
            entry["change"] = (change ** 2).sum().item()
            entry["projection"] = (change * direction).sum().item()
    return {"data": data, "batch": size, "sample": list(shape), "learning_rate": step.param_groups[0]["lr"], "losses": losses,
            "evaluation": evaluation, "parameters": [e for _, e, _ in parameters]}


def distance(wide, runs):
    """The largest relative differences between runs in single precision and one in double precision."""
    def worst(of):
        pairs = ((a, b) for narrow in runs for a, b in zip(of(wide), of(narrow)))
        return float(f"{max(abs(a - b) / abs(a) for a, b in pairs):.2g}")

    def projections():  # relative to sqrt(change): a projection on numbers in [-1, 1) is about sqrt(change / 3)
        pairs = ((a, b) for narrow in runs for a, b in zip(wide["parameters"], narrow["parameters"]))
        return float(f"{max(abs(a['projection'] - b['projection']) / math.sqrt(a['change']) for a, b in pairs):.2g}")

    return {"losses": worst(lambda r: r["losses"]), "evaluation": worst(lambda r: [r["evaluation"]]),
            "gradient": worst(lambda r: [p["gradient"] for p in r["parameters"]]),
            "change": worst(lambda r: [p["change"] for p in r["parameters"]]), "projection": projections()}


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--only", default=",".join(NETWORKS), help="networks, separated by commas (the file is then not written)")
    arguments.add_argument("--report", action="store_true", help="print the losses and the differences between single and double precision")
    chosen = arguments.parse_args()
    file = {"hash": {"name": "seed0/images/3", "values": [int(v) for v in hash24("seed0/images/3", 8)]}, "networks": {}}
    for name in chosen.only.split(","):
        wide = run(name, torch.float64)
        jitter = np.random.default_rng(1)
        wide["float32"] = distance(wide, [run(name, torch.float32, jitter if number else None) for number in range(RUNS)])
        file["networks"][name] = wide
        if chosen.report:
            losses = " ".join(f"{v:.6g}" for v in wide["losses"])
            print(f"{name}: {losses} | evaluation {wide['evaluation']:.6g} | {json.dumps(wide['float32'])}", flush=True)
    if set(file["networks"]) != set(NETWORKS):
        return
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "trajectories.json")
    with open(path + ".new", "w") as out:
        out.write(layout(file) + "\n")
    os.replace(path + ".new", path)


def layout(value, depth=0):
    """JSON with one line per innermost list or object."""
    inner = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(value, (dict, list)) or not any(isinstance(v, dict) for v in inner):
        if not isinstance(value, dict) or not any(isinstance(v, list) and len(v) > 4 for v in inner):
            return json.dumps(value)
    space = " " * (depth + 1)
    if isinstance(value, dict):
        body = ",\n".join(f"{space}{json.dumps(k)}: {layout(v, depth + 1)}" for k, v in value.items())
        return "{\n" + body + "\n" + " " * depth + "}"
    return "[\n" + ",\n".join(space + layout(v, depth + 1) for v in value) + "\n" + " " * depth + "]"


if __name__ == "__main__":
    main()

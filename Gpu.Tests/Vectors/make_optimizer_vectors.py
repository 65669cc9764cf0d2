"""Writes optimizer_vectors.json: the parameters after 1 and 10 steps of PyTorch's optimizers.

Run:  python3 make_optimizer_vectors.py        (the committed file was made with PyTorch 1.13; no GPU is needed)

PyTorch computes in double precision on inputs that single precision represents exactly, so the numbers depend on the algorithm and not on one order of
rounding. The arena has three segments, each a parameter group with its own learning rate; all but the first have weight decay. What PyTorch has no option
for is done around the optimizer: L1 decay is added to the gradient, and the gradient is multiplied by the gradient scale before
torch.nn.utils.clip_grad_norm_.
"""
import json
import os

import torch

LENGTHS = [5, 16, 19]
FACTORS = [1.0, 1.0, 0.5]
STEPS = 10
DECAY = 0.0625
CLIP = 0.75


def numbers(generator, count, scale):
    return (torch.randn(count, generator=generator, dtype=torch.float32) * scale).double()


def optimizer_of(rule, groups):
    lr = 0.0625
    if rule == "sgd":
        return torch.optim.SGD(groups, lr=lr)
    if rule == "momentum":
        return torch.optim.SGD(groups, lr=lr, momentum=0.9)
    if rule == "nesterov":
        return torch.optim.SGD(groups, lr=lr, momentum=0.9, nesterov=True)
    if rule == "rmsprop":
        return torch.optim.RMSprop(groups, lr=lr)
    if rule == "rmsprop_momentum":
        return torch.optim.RMSprop(groups, lr=lr, momentum=0.9)
    if rule == "adam":
        return torch.optim.Adam(groups, lr=lr)
    if rule == "adamw":
        return torch.optim.AdamW(groups, lr=lr, weight_decay=0)
    raise ValueError(rule)


def run(rule, coupled, decoupled, l1, clip, scale, initial, gradients):
    parameters = [p.clone().requires_grad_() for p in torch.split(initial, LENGTHS)]
    groups = []
    for i, (p, factor) in enumerate(zip(parameters, FACTORS)):
        decay = (decoupled if rule == "adamw" else coupled) if i > 0 else 0.0
        groups.append({"params": [p], "lr": 0.0625 * factor, "weight_decay": decay})
    optimizer = optimizer_of(rule, groups)
    after = {}
    for step in range(STEPS):
        # The learning rate falls from step to step.
        for group, factor in zip(optimizer.param_groups, FACTORS):
            group["lr"] = 0.0625 * factor * (1 - step / 16)
        for p, g in zip(parameters, torch.split(gradients[step], LENGTHS)):
            p.grad = g.clone() * scale
        if clip:
            torch.nn.utils.clip_grad_norm_(parameters, CLIP)
        if l1:
            for p in parameters[1:]:
                p.grad += l1 * p.detach().sign()
        optimizer.step()
        after[step + 1] = torch.cat([p.detach() for p in parameters])
    return after[1], after[STEPS]


def main():
    generator = torch.Generator().manual_seed(20240)
    count = sum(LENGTHS)
    initial = numbers(generator, count, 0.5)
    initial[7] = 0.0
    gradients = [numbers(generator, count, 0.25) for _ in range(STEPS)]
    cases = []
    for rule in ["sgd", "momentum", "nesterov", "rmsprop", "rmsprop_momentum", "adam", "adamw"]:
        for decay in ["none", "decay", "l1", "both"]:
            for clip, scale in [(False, 1.0), (False, 0.25), (True, 1.0), (True, 0.5)]:
                if scale == 0.25 and decay != "none":
                    continue
                has_decay = decay in ("decay", "both")
                coupled = DECAY if has_decay and rule != "adamw" else 0.0
                decoupled = DECAY if has_decay and rule == "adamw" else 0.0
                l1 = 0.03125 if decay in ("l1", "both") else 0.0
                first, last = run(rule, coupled, decoupled, l1, clip, scale, initial, gradients)
                cases.append({
                    "rule": rule, "coupled": coupled, "decoupled": decoupled, "l1": l1, "clip": CLIP if clip else 0.0, "scale": scale,
                    "after1": [float(f"{x:.9g}") for x in first.tolist()], "after10": [float(f"{x:.9g}") for x in last.tolist()],
                })
    vectors = {
        "lengths": LENGTHS, "learningRateFactors": FACTORS, "learningRates": [0.0625 * (1 - step / 16) for step in range(STEPS)],
        "initial": [float(f"{x:.9g}") for x in initial.tolist()],
        "gradients": [[float(f"{x:.9g}") for x in g.tolist()] for g in gradients],
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "optimizer_vectors.json")
    with open(path, "w", encoding="ascii", newline="\n") as file:
        body = json.dumps(vectors, separators=(",", ":"))
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        file.write(f'{body[:-1]},"cases":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()

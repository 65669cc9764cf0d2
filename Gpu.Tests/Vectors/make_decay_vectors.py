"""Writes decay_vectors.json: the parameters of a small network after 20 steps of PyTorch, with every kind of decay and penalty.

Run:  python3 make_decay_vectors.py        (the committed file was made with PyTorch 1.13; no GPU is needed)

The network is 5 -> 7 (tanh) -> 3 with the mean squared error, on one fixed batch. PyTorch computes in double precision on inputs that single precision
represents exactly. The learning rate falls from step to step. What PyTorch has no option for is written out here, from its definition:
decoupled decay of sgd, momentum, nesterov and rmsprop (p *= 1 - lr * decay before the step, as in torch.optim.AdamW), L1 (added to the gradient),
proximal L1 (soft threshold after the step), the largest norm (torch.renorm after the step), decay of the paper's schedule, constant and cautious decay,
and Keras's l2(lambda) = lambda * sum(w^2), which is added to the loss and differentiated by autograd.
"""
import json
import os

import torch

STEPS = 20
LR = 0.03125
DECAY = 0.0625
L1 = 0.25
MAX_NORM = 0.75
INPUTS, HIDDEN, OUTPUTS, BATCH = 5, 7, 3, 6


def numbers(generator, shape, scale):
    return (torch.randn(*shape, generator=generator, dtype=torch.float32) * scale).double()


def optimizer_of(rule, groups):
    if rule == "sgd":
        return torch.optim.SGD(groups, lr=LR)
    if rule in ("momentum", "nesterov"):
        return torch.optim.SGD(groups, lr=LR, momentum=0.9, nesterov=rule == "nesterov")
    if rule == "rmsprop":
        return torch.optim.RMSprop(groups, lr=LR)
    return torch.optim.Adam(groups, lr=LR)


def run(case, initial, x, target):
    rule, mode = case["rule"], case["mode"]
    decay = case.get("decay", DECAY) if mode != "none" else 0.0
    parameters = {name: value.clone().requires_grad_() for name, value in initial.items()}
    decays = [name for name in parameters if name.endswith("weight") or case.get("on") == "all"]
    schedule, cautious = case.get("schedule", "rate"), case.get("cautious", False)
    has_plain_adamw = mode == "decoupled" and rule in ("adam", "adamw") and schedule == "rate" and not cautious
    groups = [{"params": [p], "weight_decay": decay if name in decays and (mode == "l2" or has_plain_adamw) and case.get("convention") != "full" else 0.0}
              for name, p in parameters.items()]
    optimizer = torch.optim.AdamW(groups, lr=LR) if has_plain_adamw else optimizer_of(rule, groups)
    for step in range(STEPS):
        factor = 1 - step / 32
        for group in optimizer.param_groups:
            group["lr"] = LR * factor
        optimizer.zero_grad()
        y = torch.tanh(x @ parameters["dense1.weight"] + parameters["dense1.bias"]) @ parameters["dense2.weight"] + parameters["dense2.bias"]
        loss = torch.nn.functional.mse_loss(y, target)
        if case.get("loss") == "half-mse":
            loss = loss / 2
        if mode == "l2" and case.get("convention") == "full":
            loss = loss + sum(decay * (parameters[name] ** 2).sum() for name in decays)
        loss.backward()
        before = {name: p.detach().clone() for name, p in parameters.items()}
        with torch.no_grad():
            if case.get("l1") == "subgradient":
                for name in decays:
                    parameters[name].grad += L1 * parameters[name].sign()
        optimizer.step()
        with torch.no_grad():
            if mode == "decoupled" and not has_plain_adamw:
                rate = {"rate": LR * factor, "schedule": factor, "constant": 1.0}[schedule]
                for name in decays:
                    update = before[name] - parameters[name]
                    mask = (update * before[name] >= 0).double() if cautious else 1.0
                    parameters[name] -= rate * decay * mask * before[name]
            if case.get("l1") == "proximal":
                for name in decays:
                    parameters[name].copy_(torch.nn.functional.softshrink(parameters[name], LR * factor * L1))
            if case.get("maxNorm"):
                for name in ("dense1.weight", "dense2.weight"):
                    # Row i of the transposed matrix has the incoming weights of unit i.
                    parameters[name].copy_(torch.renorm(parameters[name].t(), 2, 0, MAX_NORM).t())
    return {name: [float(f"{v:.9g}") for v in p.detach().flatten().tolist()] for name, p in parameters.items()}


def main():
    generator = torch.Generator().manual_seed(1313)
    initial = {
        "dense1.weight": numbers(generator, (INPUTS, HIDDEN), 0.5), "dense1.bias": numbers(generator, (HIDDEN,), 0.25),
        "dense2.weight": numbers(generator, (HIDDEN, OUTPUTS), 0.5), "dense2.bias": numbers(generator, (OUTPUTS,), 0.25),
    }
    x, target = numbers(generator, (BATCH, INPUTS), 1.0), numbers(generator, (BATCH, OUTPUTS), 1.0)
    cases = []
    rules = ["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"]
    for rule in rules:
        for mode in ["none", "l2", "decoupled"]:
            for on in ["weights", "all"] if mode != "none" else ["weights"]:
                cases.append({"rule": rule, "mode": mode, "on": on})
    for rule in ["sgd", "momentum", "adam"]:
        cases.append({"rule": rule, "mode": "none", "l1": "subgradient"})
        cases.append({"rule": rule, "mode": "none", "l1": "proximal"})
        cases.append({"rule": rule, "mode": "l2", "l1": "proximal", "on": "all"})
        cases.append({"rule": rule, "mode": "l2", "l1": "subgradient"})
        cases.append({"rule": rule, "mode": "none", "maxNorm": MAX_NORM})
        cases.append({"rule": rule, "mode": "l2", "convention": "full"})
        cases.append({"rule": rule, "mode": "l2", "loss": "half-mse"})
        for schedule in ["schedule", "constant"]:
            cases.append({"rule": rule, "mode": "decoupled", "schedule": schedule, "decay": 0.0078125})
        cases.append({"rule": rule, "mode": "decoupled", "cautious": True})
    for case in cases:
        case["after"] = run(case, initial, x, target)
    body = {
        "steps": STEPS, "learningRate": LR, "decay": DECAY, "l1": L1, "inputs": INPUTS, "hidden": HIDDEN, "outputs": OUTPUTS, "batch": BATCH,
        "initial": {name: p.flatten().tolist() for name, p in initial.items()}, "x": x.flatten().tolist(), "target": target.flatten().tolist(),
    }
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "decay_vectors.json")
    with open(path, "w", encoding="ascii", newline="\n") as file:
        text = json.dumps(body, separators=(",", ":"))
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        file.write(f'{text[:-1]},"cases":[\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()

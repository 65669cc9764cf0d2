"""Writes schedule_vectors.json: learning rates of PyTorch's schedulers, base rate 1.

Each case has our schedule's text, the steps per epoch, the steps of the run and the rate of every step. A scheduler that is stepped once per epoch gives the
same rate to all steps of the epoch. The case of ReduceLROnPlateau has the losses of the epochs instead of steps.

Run with: python3 make_schedule_vectors.py (PyTorch 1.13).
"""
import json
import torch
from torch.optim import lr_scheduler as s


def rates(make, steps):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = make(optimizer)
    out = []
    for _ in range(steps):
        out.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return out


def per_epoch(make, epochs, steps_per_epoch):
    return [rate for rate in rates(make, epochs) for _ in range(steps_per_epoch)]


cases = []


def add(text, steps_per_epoch, values):
    cases.append({"schedule": text, "steps_per_epoch": steps_per_epoch, "steps": len(values), "rates": values})


# Stepped once per step. An epoch has one step, so that epochs and steps agree.
add("step:every=7,factor=0.3", 1, rates(lambda o: s.StepLR(o, 7, 0.3), 40))
add("exponential:factor=0.9", 1, rates(lambda o: s.ExponentialLR(o, 0.9), 40))
add("cosine:final=0.05", 1, rates(lambda o: s.CosineAnnealingLR(o, 39, eta_min=0.05), 40))
add("cosine-restarts:period=8,final=0.1", 1, rates(lambda o: s.CosineAnnealingWarmRestarts(o, 8, 1, eta_min=0.1), 40))
add("cosine-restarts:period=5,growth=2,final=0.02", 1, rates(lambda o: s.CosineAnnealingWarmRestarts(o, 5, 2, eta_min=0.02), 80))
add("linear:final=0.2", 1, rates(lambda o: s.LinearLR(o, 1.0, 0.2, 39), 40))
add("polynomial:power=2", 1, rates(lambda o: s.PolynomialLR(o, 39, 2.0), 40))
add("polynomial:power=0.7", 10, rates(lambda o: s.PolynomialLR(o, 39, 0.7), 40))
for total in (40, 37, 101):
    add("onecycle:rise=0.3,start=0.04,final=4E-06", 10, rates(lambda o: s.OneCycleLR(o, 1.0, total, 0.3, div_factor=25, final_div_factor=1e4), total))
# PyTorch's step counter starts at 0: 1 / sqrt(1 + delta t) and 1 / (1 + delta t), as functions.
add("inverse-sqrt:delta=0.05", 10, rates(lambda o: s.LambdaLR(o, lambda t: (1 + 0.05 * t) ** -0.5), 40))
add("inverse-time:delta=0.05", 10, rates(lambda o: s.LambdaLR(o, lambda t: 1 / (1 + 0.05 * t)), 40))
# Stepped once per epoch.
add("step:every=3,factor=0.5,per=epoch", 4, per_epoch(lambda o: s.StepLR(o, 3, 0.5), 12, 4))
add("exponential:factor=0.8,per=epoch", 4, per_epoch(lambda o: s.ExponentialLR(o, 0.8), 12, 4))
add("cosine:final=0,per=epoch", 4, per_epoch(lambda o: s.CosineAnnealingLR(o, 12), 12, 4))
add("linear:final=0.1,per=epoch", 4, per_epoch(lambda o: s.LinearLR(o, 1.0, 0.1, 12), 12, 4))
add("cosine-restarts:period=4,growth=2,per=epoch", 4, per_epoch(lambda o: s.CosineAnnealingWarmRestarts(o, 4, 2), 20, 4))
add("inverse-sqrt:delta=0.5,per=epoch", 4, per_epoch(lambda o: s.LambdaLR(o, lambda t: (1 + 0.5 * t) ** -0.5), 12, 4))

# PyTorch's warm-up with LinearLR, followed by a cosine.
warm = rates(lambda o: s.SequentialLR(o, [s.LinearLR(o, 1 / 5, 1.0, 4), s.CosineAnnealingLR(o, 35)], [5]), 41)

# The losses fall, stay, rise a little, fall by less than the threshold, fall again.
losses = [1.0, 0.8, 0.8, 0.81, 0.79995, 0.8, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.7, 0.5, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6, 0.6]
plateaus = []
for text, arguments in (
    ("plateau:factor=0.5,patience=2", dict(factor=0.5, patience=2)),
    ("plateau:factor=0.1,patience=0", dict(factor=0.1, patience=0)),
    ("plateau:factor=0.2,patience=1,threshold=0.01,cooldown=2,least=0.01", dict(factor=0.2, patience=1, threshold=0.01, cooldown=2, min_lr=0.01)),
):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)
    scheduler = s.ReduceLROnPlateau(optimizer, eps=0, **arguments)
    factors = []
    for loss in losses:
        scheduler.step(loss)
        factors.append(optimizer.param_groups[0]["lr"])
    plateaus.append({"schedule": text, "losses": losses, "factors": factors})

with open("schedule_vectors.json", "w") as file:
    json.dump({"pytorch": torch.__version__, "cases": cases, "warmup": warm, "plateaus": plateaus}, file, indent=1)
    file.write("\n")

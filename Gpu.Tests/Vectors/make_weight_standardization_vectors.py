"""Writes weight_standardization_vectors.json: a convolution with standardized weights in PyTorch, its loss and its gradients.

Qiao et al. 2019: w' = (w - mean) / sqrt(var + eps) for each output channel, with the population's variance and eps 1e-5.
Layouts are those of Gpu.Training: images NHWC, weights [kernel height, kernel width, in / groups, out].
Usage: python3 make_weight_standardization_vectors.py > weight_standardization_vectors.json
"""
import json

import torch


def flat(tensor):
    return [float("%.9g" % x) for x in tensor.detach().float().reshape(-1)]


cases = []
for groups in (1, 2):
    torch.manual_seed(groups)
    x = torch.randn(3, 4, 6, 5)
    # Means and deviations that differ from filter to filter.
    w = (torch.randn(6, 4 // groups, 3, 3) * torch.linspace(0.05, 0.5, 6).view(-1, 1, 1, 1) + torch.linspace(-0.5, 0.5, 6).view(-1, 1, 1, 1))
    w.requires_grad_()
    b = torch.randn(6, requires_grad=True)
    labels = torch.tensor([0, 5, 2])
    mean = w.mean(dim=(1, 2, 3), keepdim=True)
    variance = w.var(dim=(1, 2, 3), unbiased=False, keepdim=True)
    y = torch.nn.functional.conv2d(x, (w - mean) / torch.sqrt(variance + 1e-5), b, padding=1, groups=groups).mean(dim=(2, 3))
    loss = torch.nn.functional.cross_entropy(y, labels)
    loss.backward()
    cases.append({
        "groups": groups, "input": flat(x.permute(0, 2, 3, 1)), "weight": flat(w.permute(2, 3, 1, 0)), "bias": flat(b), "labels": labels.tolist(),
        "output": flat(y), "loss": float(loss), "weightGradient": flat(w.grad.permute(2, 3, 1, 0)), "biasGradient": flat(b.grad),
    })

print(json.dumps(cases))

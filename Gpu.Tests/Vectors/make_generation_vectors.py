#!/usr/bin/env python3
"""Writes generation_vectors.json: ten training steps of a small variational autoencoder and of two small adversarial networks in PyTorch. The tests in
Gpu.Tests/Generation compare with it.

  python3 make_generation_vectors.py        (PyTorch 1.13 or later and NumPy; no GPU)

Parameters and images come from the hash of make_trajectories.py: parameter NUMBER of NETWORK is center + bound * signed(NETWORK/parameters/NUMBER); a pixel is
(1 + signed(NETWORK/images/STEP)) / 2 for the autoencoder, signed(...) for the others. Element order is GpuTrainer's: images [sample, height, width, channel],
weights [kh, kw, in, out], of transposed convolutions [kh, kw, out, in], dense [in, out].

The noise is GpuTrainer's: Philox 4x32-10 (Salmon et al. 2011) and the transformation of Box and Muller, written again here. Optimizer: SGD with momentum 0.9.
"""
import json, math, os
import numpy as np, torch, torch.nn as nn, torch.nn.functional as F
from make_trajectories import signed

STEPS, BATCH, SIDE, LATENT, SEED, KL, DECAY = 10, 5, 8, 3, 1, 0.7, 0.05
MASK = 0xFFFFFFFF


def named_seed(seed, name):
    h = 0xCBF29CE484222325
    for b in name.encode():
        h = (h ^ b) * 0x100000001B3 % 2 ** 64
    m = (h + seed * 0x9E3779B97F4A7C15) % 2 ** 64
    m = (m ^ (m >> 30)) * 0xBF58476D1CE4E5B9 % 2 ** 64
    m = (m ^ (m >> 27)) * 0x94D049BB133111EB % 2 ** 64
    return m ^ (m >> 31)


def philox(seed, counter, draw):
    c, k0, k1 = [counter, draw, 0, 0], seed & MASK, seed >> 32
    for _ in range(10):
        p0, p1 = 0xD2511F53 * c[0], 0xCD9E8D57 * c[2]
        c = [(p1 >> 32) ^ c[1] ^ k0, p1 & MASK, (p0 >> 32) ^ c[3] ^ k1, p0 & MASK]
        k0, k1 = (k0 + 0x9E3779B9) & MASK, (k1 + 0xBB67AE85) & MASK
    return c


def normal(seed, draw, first, e):
    words = philox(seed, first + e // 64 * 16 + e % 16, draw)
    number = e % 64 // 16
    u, v = ((w >> 8) / 2 ** 24 for w in (words[:2] if number < 2 else words[2:]))
    radius, angle = math.sqrt(-2 * math.log(1 - u)), 2 * math.pi * v
    return radius * (math.cos(angle) if number % 2 == 0 else math.sin(angle))


class ToImage(nn.Module):
    """Features [height * width * channels] to an image."""
    def forward(self, x):
        return x.reshape(len(x), SIDE // 2, SIDE // 2, -1).permute(0, 3, 1, 2)


class ToFeatures(nn.Module):
    def forward(self, x):
        return x.permute(0, 2, 3, 1).flatten(1)


def initialize(net, name, first=0):
    """Sets the parameters; returns the number of the next one."""
    gammas = {id(m.weight) for m in net.modules() if isinstance(m, nn.BatchNorm2d)}
    for p in net.parameters():
        bound = 0.3 if p.dim() > 1 else 0.1
        values = torch.from_numpy(np.float32((1.0 if id(p) in gammas else 0.0) + bound * signed(f"{name}/parameters/{first}", p.numel())).astype(np.float64))
        if p.dim() == 2:
            p.data = values.reshape(p.shape[1], p.shape[0]).T.contiguous()
        elif p.dim() == 4:
            # [kh, kw, in, out] of a convolution, [kh, kw, out, in] of a transposed one: PyTorch has [out, in, kh, kw] and [in, out, kh, kw].
            p.data = values.reshape(p.shape[2], p.shape[3], p.shape[1], p.shape[0]).permute(3, 2, 0, 1).contiguous()
        else:
            p.data = values
        first += 1
    return first


def images(name, step, low):
    pixels = np.float32(low + (1 - low) / 2 * (1 + signed(f"{name}/images/{step}", BATCH * SIDE * SIDE))).astype(np.float64)
    return torch.from_numpy(pixels).reshape(BATCH, SIDE, SIDE, 1).permute(0, 3, 1, 2)


def autoencoder():
    encoder = nn.Sequential(nn.Conv2d(1, 4, 3, 2, 1), nn.ReLU(), ToFeatures(), nn.Linear(4 * 4 * 4, 2 * LATENT)).double()
    decoder = nn.Sequential(nn.Linear(LATENT, 4 * 4 * 4), nn.ReLU(), ToImage(), nn.ConvTranspose2d(4, 1, 4, 2, 1)).double()
    initialize(decoder, "vae", initialize(encoder, "vae"))
    parameters = [*encoder.parameters(), *decoder.parameters()]
    optimizer = torch.optim.SGD(parameters, lr=0.1, momentum=0.9)
    losses, divergences, squares = [], [], None
    for step in range(STEPS):
        x = images("vae", step, 0)
        mean, log = encoder(x).chunk(2, 1)
        noise = torch.tensor([[normal(named_seed(SEED, "latent1"), step, 16 * n, j) for j in range(LATENT)] for n in range(BATCH)], dtype=torch.float64)
        logits = decoder(mean + torch.exp(log / 2) * noise)
        divergence = (0.5 * (mean ** 2 + log.exp() - 1 - log)).sum(1).mean()
        loss = F.binary_cross_entropy_with_logits(logits, x) + KL * divergence / (SIDE * SIDE)
        optimizer.zero_grad()
        loss.backward()
        squares = squares or [float((p.grad ** 2).sum()) for p in parameters]
        losses.append(float(loss))
        divergences.append(float(divergence))
        optimizer.step()
    return {"losses": losses, "divergences": divergences, "gradients": squares}


def adversarial(kind):
    generator = nn.Sequential(
        nn.Linear(LATENT, 4 * 4 * 4, bias=False), ToImage(), nn.BatchNorm2d(4), nn.ReLU(), nn.ConvTranspose2d(4, 1, 4, 2, 1), nn.Tanh()).double()
    critic = nn.Sequential(nn.Conv2d(1, 4, 4, 2, 1), nn.LeakyReLU(0.2), ToFeatures(), nn.Linear(4 * 4 * 4, 1)).double()
    initialize(generator, "gan")
    initialize(critic, "critic")
    weights = [p for p in critic.parameters() if p.dim() > 1]
    slow = torch.optim.SGD(generator.parameters(), lr=0.05, momentum=0.9)
    fast = torch.optim.SGD(
        [{"params": weights, "weight_decay": DECAY}, {"params": [p for p in critic.parameters() if p.dim() == 1]}], lr=0.1, momentum=0.9)
    generated, real_or_not = [], []
    for step in range(STEPS):
        x = images("gan", step, -1)
        seed = named_seed(SEED, "latent")
        z = torch.tensor([normal(seed, step, 0, e) for e in range(BATCH * LATENT)], dtype=torch.float64).reshape(BATCH, LATENT)
        made = generator(z)
        real, fake = critic(x), critic(made.detach())
        if kind == "hinge":
            loss = F.relu(1 - real).mean() + F.relu(1 + fake).mean()
        else:
            loss = F.softplus(-real).mean() + F.softplus(fake).mean()
        fast.zero_grad()
        loss.backward()
        fast.step()
        real_or_not.append(float(loss))
        score = critic(made)
        loss = -score.mean() if kind == "hinge" else F.softplus(-score).mean()
        slow.zero_grad()
        loss.backward()
        slow.step()
        generated.append(float(loss))
    return {"losses": generated, "discriminator": real_or_not}


if __name__ == "__main__":
    torch.set_num_threads(1)
    result = {"batch": BATCH, "kl_weight": KL, "decay": DECAY, "vae": autoencoder(), "hinge": adversarial("hinge"),
              "non-saturating": adversarial("non-saturating")}
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "generation_vectors.json")
    with open(path, "w") as file:
        json.dump(result, file, indent=1)
        file.write("\n")
    print(path, {name: (value["losses"][0], value["losses"][-1]) for name, value in result.items() if isinstance(value, dict)})

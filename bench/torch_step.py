#!/usr/bin/python3
"""Times a training step of the built-in networks in PyTorch on synthetic data and prints one JSON line. GPU variants: see torch_cuda.py.

  /usr/bin/python3 torch_step.py --model cnn2 --batch 64 --steps 50 --threads 2 [--channels-last] [--foreach]
  python3 torch_step.py --model cnn2 --batch 512 --device cuda --variant max-autotune --precision tf32 --channels-last

A step is zero_grad(set_to_none) + forward + loss + backward + optimizer.step + loss.item().
The operations of a step, from which "gflops" follows, are 3 x 2 x the forward multiply-adds of convolution and dense layers (the backward
pass counts twice the forward pass); nothing else is counted.
Data: --pool batches, created in advance and kept in memory, so that loading and augmentation are not measured.
Weight decay is coupled, as in torch.optim: the gradient g becomes g + wd*w, which is the gradient of (wd/2)*sum(w^2). (Keras' l2(wd) is
wd*sum(w^2), twice as much.) cnn2, mlp10, mlp64x2 and lenet_bn* decay kernels only, not biases and batch norm parameters. cnn3 has no
decay. mlp128, resnet20 and vgg_small decay every parameter, as is usual in PyTorch.
"""
import argparse, json, os, resource, sys, time, statistics
ap = argparse.ArgumentParser()
MODELS = ["cnn2", "mlp10", "mlp64x2", "cnn3", "mlp128", "lenet_bn28", "lenet_bn32", "resnet20", "vgg_small", "unet_small"]
ap.add_argument("--model", required=True, choices=MODELS)
ap.add_argument("--batch", type=int, default=64)
ap.add_argument("--steps", type=int, default=50, help="maximum number of measured steps, after --warmup")
ap.add_argument("--warmup", type=int, default=3)
ap.add_argument("--max-seconds", type=float, default=10.0, help="stop measuring after this time, but not before 5 steps")
ap.add_argument("--threads", type=int, default=2)
ap.add_argument("--pool", type=int, default=4)
ap.add_argument("--channels-last", action="store_true")
ap.add_argument("--foreach", action="store_true", help="use the multi-tensor form of the optimizer")
ap.add_argument("--label", default="")
ap.add_argument("--quiet-wait", type=float, default=0, help="wait up to this many seconds for a quiet machine before measuring")
ap.add_argument("--retries", type=int, default=0, help="measure again if other processes used more than 0.12 processors")
ap.add_argument("--seed", type=int, default=1)
ap.add_argument("--serve", action="store_true", help="measure once for each line on standard input (for compare.py)")
ap.add_argument("--device", default="cpu", help="cpu, or a GPU: cuda, cuda:1")
ap.add_argument("--variant", default="eager", help="on a GPU: one of torch_cuda.py's VARIANTS")
ap.add_argument("--precision", default="fp32", choices=["fp32", "tf32", "fp16"], help="on a GPU")
ap.add_argument("--dump-loss", action="store_true", help="add the first 20 losses")
a = ap.parse_args()
os.environ.setdefault("OMP_NUM_THREADS", str(a.threads))
os.environ.setdefault("OPENBLAS_NUM_THREADS", str(a.threads))
import torch, torch.nn as nn, torch.nn.functional as F
torch.set_num_threads(a.threads); torch.manual_seed(a.seed)
gpu = a.device != "cpu"
if gpu:
    import torch_cuda
    torch.cuda.set_device(torch.device(a.device)); torch_cuda.prepare(torch, a.precision)

class Keras0(nn.Module):           # cnn2: 28x28x1
    def __init__(s):
        super().__init__()
        s.c1 = nn.Conv2d(1, 32, 3); s.c2 = nn.Conv2d(32, 64, 3); s.f1 = nn.Linear(5*5*64, 64); s.f2 = nn.Linear(64, 10)
    def forward(s, x):
        x = F.max_pool2d(F.relu(s.c1(x)), 2); x = F.max_pool2d(F.relu(s.c2(x)), 2)
        return s.f2(F.relu(s.f1(torch.flatten(x, 1))))
class Keras3(nn.Module):           # cnn3: 28x28x1
    def __init__(s):
        super().__init__()
        s.c1 = nn.Conv2d(1, 32, 3); s.c2 = nn.Conv2d(32, 64, 3); s.c3 = nn.Conv2d(64, 64, 3); s.f1 = nn.Linear(3*3*64, 64); s.f2 = nn.Linear(64, 10)
    def forward(s, x):
        x = F.max_pool2d(F.relu(s.c1(x)), 2); x = F.max_pool2d(F.relu(s.c2(x)), 2); x = F.relu(s.c3(x))
        return s.f2(F.relu(s.f1(torch.flatten(x, 1))))
class MLP(nn.Module):
    def __init__(s, *d, sigmoid=False):
        super().__init__(); s.l = nn.ModuleList(nn.Linear(i, o) for i, o in zip(d, d[1:])); s.sig = sigmoid
    def forward(s, x):
        for i, l in enumerate(s.l):
            x = l(x)
            if i + 1 < len(s.l): x = F.relu(x)
        return torch.sigmoid(x) if s.sig else x
class LeNetBN(nn.Module):
    def __init__(s, c, hw):
        super().__init__()
        def cb(i, o): return [nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True)]
        s.f = nn.Sequential(*cb(c, 32), *cb(32, 32), nn.MaxPool2d(2), nn.Dropout(.25), *cb(32, 64), *cb(64, 64), nn.MaxPool2d(2), nn.Dropout(.25))
        n = 64*(hw//4)**2
        s.h = nn.Sequential(nn.Linear(n, 128, bias=False), nn.BatchNorm1d(128), nn.ReLU(inplace=True), nn.Dropout(.5), nn.Linear(128, 10))
    def forward(s, x): return s.h(torch.flatten(s.f(x), 1))
class Block(nn.Module):            # shortcut option A: strided identity, zero-padded channels
    def __init__(s, i, o, st):
        super().__init__(); s.st = st; s.pad = (o - i)//2
        s.c1 = nn.Conv2d(i, o, 3, st, 1, bias=False); s.b1 = nn.BatchNorm2d(o); s.c2 = nn.Conv2d(o, o, 3, 1, 1, bias=False); s.b2 = nn.BatchNorm2d(o)
    def forward(s, x):
        y = s.b2(s.c2(F.relu(s.b1(s.c1(x)))))
        if s.st != 1: x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, s.pad, s.pad))
        return F.relu(y + x)
class ResNet20(nn.Module):
    def __init__(s):
        super().__init__(); s.c = nn.Conv2d(3, 16, 3, 1, 1, bias=False); s.b = nn.BatchNorm2d(16); L = []; i = 16
        for o, st in ((16, 1), (32, 2), (64, 2)):
            for k in range(3): L.append(Block(i, o, st if k == 0 else 1)); i = o
        s.l = nn.Sequential(*L); s.f = nn.Linear(64, 10)
    def forward(s, x): return s.f(s.l(F.relu(s.b(s.c(x)))).mean((2, 3)))
class VGG(nn.Module):
    def __init__(s):
        super().__init__(); L = []; i = 3
        for o in (64, 128, 256):
            for _ in range(2): L += [nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True)]; i = o
            L.append(nn.MaxPool2d(2))
        s.l = nn.Sequential(*L); s.f = nn.Linear(256*16, 10)
    def forward(s, x): return s.f(torch.flatten(s.l(x), 1))

class UNet(nn.Module):             # unet_small: 64x64x3, 4 classes, a label for each pixel
    def __init__(s):
        super().__init__()
        def cb(i, o): return [nn.Conv2d(i, o, 3, padding=1, bias=False), nn.BatchNorm2d(o), nn.ReLU(inplace=True)]
        def two(i, o): return nn.Sequential(*cb(i, o), *cb(o, o))
        s.d = nn.ModuleList(two(i, o) for i, o in ((3, 16), (16, 32), (32, 64), (64, 128)))
        s.u = nn.ModuleList(nn.ConvTranspose2d(2*o, o, 2, 2) for o in (64, 32, 16)); s.r = nn.ModuleList(nn.Sequential(*cb(2*o, o)) for o in (64, 32, 16))
        s.last = nn.Conv2d(16, 4, 1)
    def forward(s, x):
        skips = []
        for i, d in enumerate(s.d):
            x = d(x if i == 0 else F.max_pool2d(x, 2)); skips.append(x)
        for u, r, skip in zip(s.u, s.r, skips[2::-1]): x = r(torch.cat([skip, u(x)], 1))
        return s.last(x)

B = a.batch; m = a.model
net, shape = {"cnn2": lambda: (Keras0(), (1, 28, 28)), "mlp10": lambda: (MLP(2, 10, 1, sigmoid=True), (2,)), "mlp64x2": lambda: (MLP(784, 64, 64, 10), (784,)),
  "cnn3": lambda: (Keras3(), (1, 28, 28)), "mlp128": lambda: (MLP(784, 128, 10), (784,)), "lenet_bn28": lambda: (LeNetBN(1, 28), (1, 28, 28)),
  "lenet_bn32": lambda: (LeNetBN(3, 32), (3, 32, 32)), "resnet20": lambda: (ResNet20(), (3, 32, 32)), "vgg_small": lambda: (VGG(), (3, 32, 32)),
  "unet_small": lambda: (UNet(), (3, 64, 64))}[m]()
flops = [0]
def count(mod, inp, out):
    if isinstance(mod, nn.Conv2d): flops[0] += 2*out.numel()*mod.weight[0].numel()
    else: flops[0] += 2*inp[0].shape[0]*mod.in_features*mod.out_features
hooks = [x.register_forward_hook(count) for x in net.modules() if isinstance(x, (nn.Conv2d, nn.Linear))]
with torch.no_grad(): net.eval(); net(torch.zeros(2, *shape))
for h in hooks: h.remove()
net.train(); fwd = flops[0]//2; step_flops = 3*fwd*B
if a.channels_last: net = net.to(memory_format=torch.channels_last)
if gpu: net = net.to(a.device)
def groups(wd):
    k = [p for p in net.parameters() if p.dim() > 1]; o = [p for p in net.parameters() if p.dim() <= 1]
    return [{"params": k, "weight_decay": wd}, {"params": o, "weight_decay": 0.0}]
fe = {"foreach": True} if a.foreach else {}
make_opt = lambda **fe: {"cnn2": lambda: torch.optim.Adam(groups(5e-4), lr=1e-3, **fe), "mlp10": lambda: torch.optim.Adam(groups(1e-3), lr=.01, **fe),
  "mlp64x2": lambda: torch.optim.Adam(groups(1e-3), lr=1e-3, **fe), "cnn3": lambda: torch.optim.Adam(net.parameters(), lr=1e-3, **fe),
  "mlp128": lambda: torch.optim.SGD(net.parameters(), lr=.01, weight_decay=1e-4, **fe),
  "unet_small": lambda: torch.optim.AdamW(groups(1e-2), lr=2e-3, **fe)}.get(m,
  (lambda: torch.optim.Adam(groups(5e-4), lr=1e-3, **fe)) if m.startswith("lenet") else
  (lambda: torch.optim.SGD(net.parameters(), lr=.1 if m == "resnet20" else .05, momentum=.9, nesterov=True, weight_decay=5e-4, **fe)))()
opt = torch_cuda.make_optimizer(make_opt, a.variant) if gpu else make_opt(**fe)
X, Y = [], []
for _ in range(a.pool):
    x = torch.rand(B, *shape)
    if a.channels_last and len(shape) == 3: x = x.contiguous(memory_format=torch.channels_last)
    X.append(x); Y.append((x.sum(1, keepdim=True) > 1).float() if m == "mlp10" else torch.randint(0, 4, (B, 64, 64)) if m == "unet_small" else torch.randint(0, 10, (B,)))
if gpu: X, Y = [x.to(a.device) for x in X], [y.to(a.device) for y in Y]
lossf = F.mse_loss if m == "mlp10" else F.cross_entropy
pc = time.perf_counter; ts, tf, tb, to, losses = [], [], [], [], []
def step(i):
    t0 = pc(); opt.zero_grad(set_to_none=True); loss = lossf(net(X[i % a.pool]), Y[i % a.pool]); t1 = pc()
    loss.backward(); t2 = pc(); opt.step(); v = loss.item(); t3 = pc(); return t0, t1, t2, t3, v
if gpu:
    whole = torch_cuda.make_step(torch, net, opt, lossf, X, Y, a.precision, a.variant)
    def step(i): # launched as a whole, so only the whole step is timed
        t0 = pc(); v = whole(i); t3 = pc(); return t0, t3, t3, t3, v
for i in range(a.warmup): losses.append(step(i)[4])
def stat():
    c = [int(v) for v in open("/proc/stat").readline().split()[1:9]]; u = resource.getrusage(resource.RUSAGE_SELF)
    return c[7], sum(c), u.ru_minflt, u.ru_utime, u.ru_stime, c[0]+c[1]+c[2]+c[5]+c[6], pc()
def others(x, y): # mean number of processors that other processes used between two stat() calls
    return ((y[5]-x[5])/100 - (y[3]-x[3]) - (y[4]-x[4]))/(y[6]-x[6])
def wait_quiet(limit):
    b = pc()
    while pc() - b < limit:
        x = stat(); time.sleep(.25)
        if others(x, stat()) < .1: return
def measure():
    global ts, tf, tb, to
    best = None
    for attempt in range(a.retries + 1):
        if a.quiet_wait: wait_quiet(a.quiet_wait)
        ts, tf, tb, to = [], [], [], []
        for i in range(1 if attempt else 0): step(i)
        s0 = stat(); begin = pc()
        for i in range(a.steps):
            t0, t1, t2, t3, v = step(i + a.warmup)
            ts.append(t3-t0); tf.append(t1-t0); tb.append(t2-t1); to.append(t3-t2); losses.append(v)
            if pc() - begin > a.max_seconds and len(ts) >= 5: break
        s1 = stat(); oc = others(s0, s1)
        if best is None or oc < best[0]: best = (oc, ts, tf, tb, to, s0, s1, attempt)
        if oc < .12: break
    oc, ts, tf, tb, to, s0, s1, attempt = best; wall = s1[6] - s0[6]
    def tasks():
        o = []
        for t in os.listdir("/proc/self/task"):
            f = open(f"/proc/self/task/{t}/stat").read().rsplit(")", 1)[1].split(); ut = int(f[11])/100
            if ut > .1: o.append([int(f[36]), [l.split()[1] for l in open(f"/proc/self/task/{t}/status") if l.startswith("Cpus_allowed_list")][0], ut])
        return o
    q = lambda l, p: sorted(l)[min(len(l)-1, int(p*len(l)))]*1e3
    med = statistics.median(ts)
    r = {"peer": "torch", "model": m, "batch": B, "threads": torch.get_num_threads(), "channels_last": a.channels_last, "label": a.label, "steps": len(ts),
     "median_ms": round(med*1e3, 4), "p10_ms": round(q(ts, .1), 4), "p90_ms": round(q(ts, .9), 4), "min_ms": round(min(ts)*1e3, 4),
     "fwd_ms": round(statistics.median(tf)*1e3, 4), "bwd_ms": round(statistics.median(tb)*1e3, 4), "opt_ms": round(statistics.median(to)*1e3, 4),
     "samples_per_s": round(B/med, 1), "gflops": round(step_flops/med/1e9, 2), "fwd_mflop_per_sample": round(fwd/1e6, 4),
     "params": sum(p.numel() for p in net.parameters()), "others_cpu": round(oc, 2), "attempt": attempt, "steal_pct": round(100*(s1[0]-s0[0])/max(1, s1[1]-s0[1]), 1), "minflt_per_step": round((s1[2]-s0[2])/len(ts)), "cpu_user": round((s1[3]-s0[3])/wall, 2), "cpu_sys": round((s1[4]-s0[4])/wall, 2), "load1": round(os.getloadavg()[0], 2), "torch": torch.__version__, "foreach": a.foreach, "peak_rss_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss/1e3), "last_loss": round(losses[-1], 4)}
    if gpu: r.update({"device": torch.cuda.get_device_name(), "variant": a.variant, "precision": a.precision, "cuda": torch.version.cuda, "peak_device_mb": round(torch.cuda.max_memory_allocated()/1e6)})
    if os.environ.get("TASKS"): r["tasks"] = tasks()
    if a.dump_loss: r["losses"] = [round(v, 5) for v in losses[:20]]
    print(json.dumps(r), flush=True)


if a.serve:
    print("{}", flush=True)
    for _ in sys.stdin: measure()
else:
    measure()

"""How torch_step.py's training step runs on a GPU: one of VARIANTS, in a precision.

  eager                     a launch an operation, with the fused optimizer
  graph                     the same step captured whole as a CUDA graph (torch.cuda.graph)
  default, reduce-overhead, forward, loss and backward by torch.compile in this mode, with the fused optimizer; reduce-overhead and max-autotune use
  max-autotune              CUDA graphs themselves
  compiled-graph            torch.compile in its default mode, and the whole step captured as with graph

fp32 forbids TF32, tf32 allows it in cuBLAS and cuDNN, fp16 is autocast with float32 parameters and loss scaling (GradScaler; a constant scale within
a captured step, which a graph cannot change). One batch lies on the GPU beforehand and is used where it lies, and the loss is read at every step, both as
in ours; with more batches (--pool) the graphs copy them into their own.
"""
VARIANTS = ["eager", "graph", "default", "reduce-overhead", "max-autotune", "compiled-graph"]
CAPTURED = ("graph", "compiled-graph")
GRAPH_SCALE = 1024.0


def prepare(torch, precision):
    """Sets what is global: call it before the network runs."""
    tf32 = precision != "fp32"
    # The older of two interfaces: whoever uses the newer one (fp32_precision) cannot compile as of PyTorch 2.9 and 2.10.
    torch.backends.cuda.matmul.allow_tf32 = tf32
    torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True


def make_optimizer(make, variant):
    """The fastest form of an optimizer that this PyTorch has. make takes keyword arguments of the optimizer's constructor."""
    forms = [{"fused": True}, {"foreach": True}, {}]
    if variant in CAPTURED:
        # SGD has no such argument, and needs none.
        forms = [dict(form, capturable=True) for form in forms] + forms
    for form in forms:
        try:
            return make(**form)
        except (TypeError, RuntimeError, ValueError):
            continue
    raise RuntimeError("this PyTorch makes no form of the optimizer")


def make_step(torch, net, opt, lossf, xs, ys, precision, variant):
    """A function of the step's number that makes a training step and returns the loss."""
    half = precision == "fp16"

    def forward(x, y):
        with torch.autocast(device_type="cuda", dtype=torch.float16, enabled=half):
            out = net(x)
        return lossf(out.float(), y)

    begin = None
    if variant not in ("eager", "graph"):
        forward = torch.compile(forward, mode=None if variant in ("default", "compiled-graph") else variant)
    if variant in CAPTURED:
        return captured(torch, forward, opt, xs, ys, GRAPH_SCALE if half else None)
    if variant != "eager":
        if len(xs) == 1:
            stay_where_they_are(torch, xs + ys)
        begin = getattr(getattr(torch, "compiler", None), "cudagraph_mark_step_begin", None)
    scaler = new_scaler(torch) if half else None

    def step(i):
        if begin:
            begin()
        opt.zero_grad(set_to_none=True)
        loss = forward(xs[i % len(xs)], ys[i % len(ys)])
        if scaler:
            scaler.scale(loss).backward()
            scaler.step(opt)
            scaler.update()
        else:
            loss.backward()
            opt.step()
        return loss.item()
    return step


def new_scaler(torch):
    amp = getattr(torch, "amp", None)
    return amp.GradScaler("cuda") if hasattr(amp, "GradScaler") else torch.cuda.amp.GradScaler()


def stay_where_they_are(torch, tensors):
    """Tells torch.compile's CUDA graphs that these need not be copied at every step."""
    mark = getattr(getattr(torch, "_dynamo", None), "mark_static_address", None)
    for tensor in tensors if mark else []:
        mark(tensor)


def captured(torch, forward, opt, xs, ys, scale):
    alone = len(xs) == 1
    x, y = (xs[0], ys[0]) if alone else (xs[0].clone(), ys[0].clone())
    parameters = [p for group in opt.param_groups for p in group["params"]]

    def whole():
        opt.zero_grad(set_to_none=True)
        loss = forward(x, y)
        if scale:
            (loss * scale).backward()
            torch._foreach_mul_([p.grad for p in parameters], 1 / scale)
        else:
            loss.backward()
        opt.step()
        return loss

    # Warmed up on a stream of its own, as torch.cuda.graph asks.
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):
        for _ in range(3):
            whole()
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    opt.zero_grad(set_to_none=True)
    with torch.cuda.graph(graph):
        loss = whole()

    def step(i):
        if not alone:
            x.copy_(xs[i % len(xs)])
            y.copy_(ys[i % len(ys)])
        graph.replay()
        return loss.item()
    return step

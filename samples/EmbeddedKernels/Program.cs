// An ILGPU program of its own that uses two of GpuTrainer's operations: its accelerator, its stream, its buffers.
// Run it with: dotnet run -c Release --project samples/EmbeddedKernels
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime;

// Optimisation level 2 is what GpuTrainer's kernels are checked with: they are explicitly grouped, which O2 needs.
using var context = Context.Create(builder => builder.Default().Optimize(OptimizationLevel.O2));
using var accelerator = context.GetPreferredDevice(preferCPU: false).CreateAccelerator(context);
using var stream = accelerator.CreateStream();
Console.WriteLine($"running on {accelerator.Name}");

var shape = new Conv2dShape
{
    Batch = 1,
    InputHeight = 5,
    InputWidth = 5,
    InputChannels = 1,
    OutputChannels = 4,
    KernelHeight = 3,
    KernelWidth = 3,
};

// Your own ILGPU memory, filled as you always do.
using var image = accelerator.Allocate1D<float>(shape.InputLength);
using var weights = accelerator.Allocate1D<float>(shape.WeightLength);
using var result = accelerator.Allocate1D<float>(shape.OutputLength);
using var scratch = accelerator.Allocate1D<float>(Conv2d.WorkspaceLength(shape));
image.View.BaseView.CopyFromCPU(stream, [.. Enumerable.Range(0, shape.InputLength).Select(i => (float)i)]);
var filters = new float[shape.WeightLength];
for (var tap = 0; tap < 9; tap++)
{
    filters[tap * 4] = 1f / 9f;                       // the mean of the window
    filters[tap * 4 + 1] = tap % 3 - 1;               // from left to right
    filters[tap * 4 + 2] = tap / 3 - 1;               // from top to bottom
    filters[tap * 4 + 3] = tap == 4 ? -8f : 1f;       // the Laplacian
}

weights.View.BaseView.CopyFromCPU(stream, filters);

// The device wraps the accelerator and the stream; it disposes neither. A launch is queued on your stream, between your own kernels.
using var device = new AcceleratorDevice(accelerator, stream);
Conv2d.Forward(
    device, shape, device.Wrap(image.View.BaseView), device.Wrap(weights.View.BaseView), bias: default, device.Wrap(result.View.BaseView),
    Activation.Relu, device.Wrap(scratch.View.BaseView));
stream.Synchronize();

var values = result.View.BaseView.GetAsArray();
for (var pixel = 0; pixel < shape.OutputHeight * shape.OutputWidth; pixel++)
    Console.WriteLine($"({pixel / shape.OutputWidth}, {pixel % shape.OutputWidth}): " + string.Join(" ", values.Skip(pixel * 4).Take(4).Select(v => $"{v,6:F2}")));

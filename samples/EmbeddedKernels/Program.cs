// Runs GpuTrainer's kernels in an existing ILGPU program, on the program's own accelerator, stream and buffers.
// Computes relu(conv(x, w) + b) forward and backward, and checks one element of the weight gradient against a finite difference.
//
//   dotnet run -c Release --project samples/EmbeddedKernels
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using ILGPU;
using ILGPU.Runtime;

// ForKernels sets the compiler options that the kernels need. All other options are free.
using var context = Context.Create(builder => builder.Default().ForKernels());
using var accelerator = context.GetPreferredDevice(preferCPU: false).CreateAccelerator(context);
using var stream = accelerator.CreateStream();
Console.WriteLine($"running on {accelerator.Name}");

// The device wraps accelerator and stream and disposes neither. Launches are queued on the stream, in order with the program's own kernels.
using var device = new AcceleratorDevice(accelerator, stream);

var shape = new Conv2dShape
{
    Batch = 2, InputHeight = 6, InputWidth = 6, InputChannels = 3, OutputChannels = 4, KernelHeight = 3, KernelWidth = 3,
    PaddingTop = 1, PaddingLeft = 1, PaddingBottom = 1, PaddingRight = 1,
};
var random = new Random(1);
var weightValues = RandomValues(shape.WeightLength);
using var input = Upload(RandomValues(shape.InputLength));
using var weights = Upload(weightValues);
using var bias = Upload(RandomValues(shape.OutputChannels));
using var output = accelerator.Allocate1D<float>(shape.OutputLength);
using var workspace = accelerator.Allocate1D<float>(Conv2d.WorkspaceLength(shape));

// Forward. The loss is half the sum of squared outputs, so its gradient with respect to the output is the output itself.
var loss = Loss();

// Backward through the activation, then to weights and input. The gradients of weights and bias are accumulated, so they start at zero.
using var outputGradient = accelerator.Allocate1D<float>(shape.OutputLength);
using var weightGradient = Upload(new float[shape.WeightLength]);
using var biasGradient = Upload(new float[shape.OutputChannels]);
using var inputGradient = accelerator.Allocate1D<float>(shape.InputLength);
ActivationOps.Backward(device, Activation.Relu, View(output), View(output), View(outputGradient));
Conv2d.BackwardWeights(device, shape, View(input), View(outputGradient), View(weightGradient), View(biasGradient), View(workspace));
Conv2d.BackwardData(device, shape, View(outputGradient), View(weights), View(inputGradient), View(workspace));
var computed = Download(weightGradient)[0];

// The same derivative by central differences.
const float step = 1e-2f;
var original = weightValues[0];
var estimated = (LossWith(original + step) - LossWith(original - step)) / (2 * step);
Console.WriteLine($"loss {loss:F4}; gradient of the first weight: {computed:F4} by the kernels, {estimated:F4} by finite differences");
var agrees = Math.Abs(computed - estimated) <= 1e-2 * Math.Max(1, Math.Abs(estimated));
Console.WriteLine(agrees ? "they agree" : "they differ");
return agrees ? 0 : 1;

double Loss()
{
    Conv2d.Forward(device, shape, View(input), View(weights), View(bias), View(output), Activation.Relu, View(workspace));
    return Download(output).Sum(value => 0.5 * value * value);
}

double LossWith(float firstWeight)
{
    weightValues[0] = firstWeight;
    weights.View.BaseView.CopyFromCPU(stream, weightValues);
    return Loss();
}

float[] RandomValues(int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.5f)];

MemoryBuffer1D<float, Stride1D.Dense> Upload(float[] values)
{
    var buffer = accelerator.Allocate1D<float>(values.Length);
    buffer.View.BaseView.CopyFromCPU(stream, values);
    return buffer;
}

float[] Download(MemoryBuffer1D<float, Stride1D.Dense> buffer) => buffer.View.BaseView.GetAsArray(stream);

DeviceView View(MemoryBuffer1D<float, Stride1D.Dense> buffer) => device.Wrap(buffer.View.BaseView);

using Gpu.Cli.Serving;
using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Training.Data;
using Gpu.Training.Loop;

namespace Gpu.Tests.Serving;

/// <summary>A folder with two small runs, and one more beside the folder, which must not be reached.</summary>
public sealed class ServedRuns : IDisposable
{
    private readonly TempFolder _folder = new();

    public ServedRuns()
    {
        Data = SmallData.Squares();
        Device = new CpuDevice(threads: 1);
        foreach (var (name, seed) in new[] { ("runs/one", 1), ("runs/b & <c>", 2), ("secret", 3) })
        {
            var options = new TrainingOptions { Epochs = 2, Seed = (ulong)seed, OutputFolder = _folder.File(name) };
            using var trainer = new Trainer(SmallData.Network(), Data, Device, options);
            trainer.Run();
        }
    }

    public string Root => _folder.File("runs");

    public string Secret => _folder.File("secret");

    internal ImageDataset Data { get; }

    internal CpuDevice Device { get; }

    internal ServeSettings Settings => new() { Root = Root, PollInterval = TimeSpan.FromMilliseconds(20) };

    public void Dispose()
    {
        Device.Dispose();
        _folder.Dispose();
    }
}

using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.Loop;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Tests.Planning;

/// <summary>The predicted memory requirements against what is then allocated.</summary>
public class MemoryRequirementsTests
{
    // The prediction includes zeros that kernels read for padding, which a device allocates only if it needs them.
    private const long PaddingZeros = 1 << 16;

    [Theory]
    [InlineData("cnn2", 128)]
    [InlineData("mlp10", 5)]
    [InlineData("mlp128", 32)]
    [InlineData("lenet_bn28", 7)]
    [InlineData("resnet20", 3)]
    public void AStepAllocatesThePredictedBytes(string name, int batch)
    {
        using var device = new CpuDevice(1);
        var model = BuiltInModels.Get(name);
        using var network = new Network(model, device);
        Assert.Equal(sizeof(float) * ParameterMemory.WordsFor(model), device.AllocatedBytes);
        foreach (var options in new[] { new TrainingOptions(), new TrainingOptions { ClipNorm = 1, Ema = 0.9f, Optimizer = OptimizerKind.AdamW } })
        {
            var before = device.AllocatedBytes;
            var predicted = Predicted(() => new StepRunner(network, batch, options), device);
            using var runner = new StepRunner(network, batch, options);
            Assert.InRange(device.AllocatedBytes - before, predicted - PaddingZeros, predicted);
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.25)]
    public void ATrainingAllocatesThePredictedBytesAndTheSuggestedBatchFits(double? validation)
    {
        var (model, data) = (SmallData.Network(), SmallData.Squares());
        var options = new TrainingOptions { Batch = 64, Validation = validation, Epochs = 1 };
        using var device = new CpuDevice(1);
        var predicted = Predicted(() => new Trainer(model, data, device, options), device);
        using (new Trainer(model, data, device, options)) Assert.InRange(device.AllocatedBytes, predicted - PaddingZeros, predicted);
        var zeros = device.AllocatedBytes;

        device.MemoryLimit = zeros + predicted * 3 / 4;
        var error = Assert.Throws<OutOfDeviceMemoryException>(() => new Trainer(model, data, device, options));
        Assert.Equal(zeros, device.AllocatedBytes);
        Assert.Equal((predicted, predicted * 3 / 4), (error.BytesNeeded, error.BytesFree));
        Assert.InRange(error.LargestBatch!.Value, 1, 63);
        Assert.Contains($"training {model.Name} on batches of 64 needs ", error.Message);
        Assert.EndsWith($"A batch of {error.LargestBatch} would fit.", error.Message);
        using (var fits = new Trainer(model, data, device, options with { Batch = error.LargestBatch.Value })) fits.Run();
        Assert.Throws<OutOfDeviceMemoryException>(() => new Trainer(model, data, device, options with { Batch = error.LargestBatch.Value + 1 }));
    }

    [Fact]
    public void TooLittleMemoryForABatchOfOneIsExplained()
    {
        using var device = new CpuDevice(1) { MemoryLimit = 10_000 };
        var error = Assert.Throws<OutOfDeviceMemoryException>(() => new Trainer(SmallData.Network(), SmallData.Squares(), device, new TrainingOptions()));
        Assert.Equal(0, error.LargestBatch);
        Assert.Contains("Not even a batch of 1 would fit", error.Message);
    }

    [Fact]
    public void ABatchTooLargeToAddressSuggestsASmallerOne()
    {
        using var device = new CpuDevice(1) { MemoryLimit = 500_000_000 };
        using var network = new Network(BuiltInModels.Get("vgg_small"), device);
        var error = Assert.Throws<ModelException>(() => new StepRunner(network, 60_000));
        Assert.Matches(@"more than 2,147,483,647 values in one piece, .* A batch of \d+ would fit\.", error.Message);
    }

    [Fact]
    public void AFailedAllocationAfterThePredictionIsExplained()
    {
        using var device = new CpuDevice(1);
        var check = new MemoryCheck(device, "work on batches of 8", 8, batch => 100L * batch);
        var error = Assert.Throws<OutOfDeviceMemoryException>(
            () => check.Run<int>(() => throw new OutOfDeviceMemoryException(300, 450, "the device", null)));
        Assert.Equal((800L, 450L, 4), (error.BytesNeeded, error.BytesFree!.Value, error.LargestBatch!.Value));
        Assert.Equal(8, new MemoryCheck(device, "", 8, batch => batch).LargestFittingBatch());
        device.MemoryLimit = 550;
        Assert.Equal(5, check.LargestFittingBatch());
    }

    // With no free memory, the exception says how many bytes are needed.
    private static long Predicted(Func<IDisposable> work, ComputeDevice device)
    {
        device.MemoryLimit = device.AllocatedBytes;
        try
        {
            return Assert.Throws<OutOfDeviceMemoryException>(() => work().Dispose()).BytesNeeded;
        }
        finally
        {
            device.MemoryLimit = null;
        }
    }
}

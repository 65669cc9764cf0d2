// Trains a classifier for handwritten digits from C# on the best available device.
//
//   dotnet run -c Release --project samples/TrainMnist                   trains on the bundled digits
//   dotnet run -c Release --project samples/TrainMnist -- path/to/mnist  trains on a folder with the four IDX files of MNIST
using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

var data = DatasetLoader.Load(args.Length > 0 ? args[0] : "digits");

var network = new Model(
    "my-network", TensorShape.Image(28, 28, 1),
    new Conv2dLayer(32, 3) { Activation = Activation.Relu },
    new BatchNormLayer(),
    new MaxPool2dLayer(2),
    new Conv2dLayer(64, 3) { Activation = Activation.Relu },
    new MaxPool2dLayer(2),
    new FlattenLayer(),
    new DropoutLayer(0.25f),
    new DenseLayer(data.Classes));

var options = new TrainingOptions
{
    Epochs = 3,
    Batch = 64,
    Optimizer = OptimizerKind.AdamW,
    LearningRate = 2e-3f,
    WeightDecay = 1e-2f,
    Schedule = LearningRateSchedule.Parse("cosine"),
};

using var device = DeviceCatalog.Open("auto");
using var trainer = new Trainer(network, data, device, options, new Display());
var result = trainer.Run();
Console.WriteLine($"{device.Description}: {result.TestAccuracy:P2} on {data.Test.Count:N0} test images, {result.SamplesPerSecond:N0} images/s");

internal sealed class Display : ITrainingObserver
{
    public void OnEpoch(EpochReport epoch) =>
        Console.WriteLine($"epoch {epoch.Epoch}/{epoch.Epochs}: loss {epoch.TrainLoss:F4}, accuracy {epoch.Accuracy:P2}");
}

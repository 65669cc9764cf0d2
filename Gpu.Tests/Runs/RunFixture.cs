using Gpu.Kernels.Devices;
using Gpu.Tests.IO;
using Gpu.Tests.Loop;
using Gpu.Training.Loop;
using Gpu.Training.Runs;
using Gpu.Training.Weights;

namespace Gpu.Tests.Runs;

/// <summary>Runs with every kind of state: validation, early stopping, moving average, momentum, running statistics, dropout, augmentation.</summary>
internal static class RunFixture
{
    public static TrainingOptions Options { get; } = new()
    {
        Epochs = 3, Batch = 16, LearningRate = 0.01f, ClipNorm = 1, Ema = 0.95f, AugmentShift = 1, Schedule = LearningRateSchedule.Parse("cosine"),
        Validation = 0.2, Patience = 2, CheckpointInterval = CheckpointInterval.Parse("3steps"), Statistics = true,
    };

    public static TrainingResult Train(string folder, TrainingOptions? options = null, ITrainingObserver? observer = null, CancellationToken token = default)
    {
        using var device = new CpuDevice(threads: 1);
        using var trainer = new Trainer(SmallData.Network(), SmallData.Squares(), device, (options ?? Options) with { OutputFolder = folder }, observer);
        return trainer.Run(token);
    }

    public static TrainingResult Resume(
        string folder, Func<TrainingOptions, TrainingOptions>? change = null, ITrainingObserver? observer = null, ResumeOptions? allowed = null,
        CancellationToken token = default)
    {
        using var device = new CpuDevice(threads: 1);
        using var trainer = Trainer.Resume(folder, SmallData.Squares(), device, change, observer, allowed);
        return trainer.Run(token);
    }

    /// <summary>A run that ended by an exception after a step, without saving anything at its end.</summary>
    public static void TrainUntil(string folder, int step, TrainingOptions? options = null) =>
        Assert.Throws<CrashException>(() => Train(folder, options, new Observer { Step = progress => CrashAt(progress, step) }));

    public static void CrashAt(StepProgress progress, int step)
    {
        if (progress.Step == step) throw new CrashException();
    }

    public static void CancelAt(StepProgress progress, int step, CancellationTokenSource cancel)
    {
        if (progress.Step == step) cancel.Cancel();
    }

    /// <summary>Writes the checkpoint with other metadata, and removes the checksums and the checkpoint before it.</summary>
    public static void ChangeMetadata(string run, Action<Dictionary<string, string>> change)
    {
        var path = Path.Combine(run, RunFolder.CheckpointFile);
        var writer = new SafeTensorsWriter();
        using (var reader = new SafeTensorsReader(path))
        {
            foreach (var (key, value) in reader.Metadata) writer.Metadata[key] = value;
            foreach (var entry in reader.Tensors.Values)
            {
                int[] shape = [.. entry.Shape.Select(extent => (int)extent)];
                if (entry.Type == "I32") writer.Add(entry.Name, shape, reader.ReadInts(entry.Name));
                else writer.Add(entry.Name, shape, reader.ReadFloats(entry.Name));
            }
        }

        change(writer.Metadata);
        writer.Write(path);
        File.Delete(Path.Combine(run, Checksums.FileName));
        File.Delete(Path.Combine(run, RunFolder.PreviousCheckpointFile));
    }

    /// <summary>Copies a run folder.</summary>
    public static string Copy(TempFolder folder, string run)
    {
        var copy = folder.File($"copy-{Guid.NewGuid():N}");
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.GetFiles(run)) File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }

    public sealed class CrashException : Exception;

    /// <summary>Calls delegates, and collects messages and warnings.</summary>
    public sealed class Observer : ITrainingObserver
    {
        public Action<StepProgress>? Step { get; init; }

        public Action<string>? Message { get; init; }

        public List<string> Texts { get; } = [];

        public void OnStep(in StepProgress progress) => Step?.Invoke(progress);

        public void OnMessage(string message)
        {
            Texts.Add(message);
            Message?.Invoke(message);
        }

        public void OnWarning(string message) => Texts.Add(message);
    }
}

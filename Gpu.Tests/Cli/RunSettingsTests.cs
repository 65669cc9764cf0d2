using System.Reflection;
using Gpu.Cli.Reports;
using Gpu.Training.Data;
using Gpu.Training.Layers;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Runs;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Cli;

/// <summary>Every option that can change the result of a run is in its report, so that <c>compare</c> never calls different runs alike.</summary>
public class RunSettingsTests
{
    // They change what is written, and when, but no weight; or they decide about the pictures only.
    private static readonly string[] WithoutEffect =
    [
        "LogEvery", "RecordLosses", "Statistics", "Commands", "TopK", "OutputFolder", "DatasetSource", "CheckpointEvery", "CheckpointInterval",
    ];

    public static TheoryData<string> Options =>
        [.. typeof(TrainingOptions).GetProperties().Where(property => property.SetMethod is not null).Select(property => property.Name).Except(WithoutEffect)];

    [Theory]
    [MemberData(nameof(Options))]
    public void EveryOptionIsShown(string name)
    {
        // The layout is that of the file.
        var basis = name == nameof(TrainingOptions.InitLayout) ? new TrainingOptions { InitFile = "file" } : new TrainingOptions();
        var settings = Settings(With(basis, typeof(TrainingOptions).GetProperty(name)!));
        Assert.NotEqual(Settings(basis), settings);
        // The text that C# makes of a record is not for users.
        Assert.DoesNotContain(settings, setting => setting.Item2.Contains(" { ", StringComparison.Ordinal));
    }

    [Fact]
    public void NamesOfOptionsAreThoseOfTrain()
    {
        var command = new System.CommandLine.Command("train");
        Gpu.Cli.Commands.TrainCommand.Build(command, new(new(TextWriter.Null, TextWriter.Null), Gpu.Cli.Output.Reporter.Silent()));
        var options = command.Options.Select(option => option.Name).ToHashSet();
        var facts = Settings(new TrainingOptions()).Select(setting => setting.Item1).Where(name => !options.Contains($"--{name}")).ToArray();
        Assert.All(facts, name => Assert.False(RunSettings.IsOption(name), name));
        Assert.All(options, option => Assert.True(RunSettings.IsOption(option[2..]), option));
    }

    private static (string, string)[] Settings(TrainingOptions options)
    {
        var model = new Model("m", TensorShape.Features(2), new DenseLayer(2));
        var configuration = new RunConfiguration
        {
            Model = "m", Dataset = "data", DataFingerprint = "", ClassNames = ["a", "b"], Normalization = new ChannelStatistics([0f], [1f]), Device = "cpu",
            Options = options,
        };
        return [.. RunSettings.Of(options, options.OptimizerFor(model.Recipe.Optimizer), configuration, model)];
    }

    private static TrainingOptions With(TrainingOptions basis, PropertyInfo property)
    {
        var copy = basis with { };
        var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        property.SetValue(copy, property.GetValue(basis) switch
        {
            bool flag => !flag,
            int whole => whole + 1,
            ulong whole => whole + 1,
            Enum value => Other(type, value),
            null when type == typeof(bool) => true,
            null when type.IsEnum => Other(type, null),
            null when type == typeof(int) => 3,
            null when type == typeof(float) => 0.25f,
            null when type == typeof(double) => 0.25,
            null when type == typeof(string) => "text",
            null when type == typeof(ClassWeighting) => ClassWeighting.Balanced,
            null when type == typeof(LookaheadOptions) => new LookaheadOptions(),
            LearningRateSchedule => LearningRateSchedule.Parse("cosine"),
            ImageAugmentation => new ImageAugmentation { Rotation = 5 },
            Gpu.Training.Images.RgbColor => new Gpu.Training.Images.RgbColor(1, 2, 3),
            IReadOnlyList<DecayOverride> => (DecayOverride[])[new("dense1", 0.5f)],
            IReadOnlyList<LearningRateScale> => (LearningRateScale[])[new("dense1", 0.5f)],
            IReadOnlyList<string> => (string[])["dense1"],
            var value => throw new NotSupportedException($"{property.Name} is {value}, a {type}: say how this test changes it"),
        });
        return copy;
    }

    // Some values are the default of the optimizer, under another name.
    private static object Other(Type type, Enum? value) => Enum.GetValues(type).Cast<Enum>().Last(other => !other.Equals(value));
}

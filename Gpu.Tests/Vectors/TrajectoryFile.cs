using System.Text.Json;

namespace Gpu.Tests.Vectors;

/// <summary>The file that <c>make_trajectories.py</c> writes; the header of the script explains the numbers.</summary>
/// <param name="Hash">some values of the hash</param>
/// <param name="Networks">the trajectories by the name of the network</param>
public sealed record TrajectoryFile(HashSample Hash, Dictionary<string, Trajectory> Networks)
{
    private static readonly JsonSerializerOptions SnakeCase = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true,
    };

    private static readonly Lazy<TrajectoryFile> Loaded = new(() =>
        JsonSerializer.Deserialize<TrajectoryFile>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Vectors", "trajectories.json")), SnakeCase)!);

    public static TrajectoryFile Load() => Loaded.Value;
}

/// <summary>A name and its first hash integers.</summary>
public sealed record HashSample(string Name, int[] Values);

/// <summary>Ten training steps of PyTorch in double precision.</summary>
/// <param name="Data">the prefix of the names from which its hash values are generated</param>
/// <param name="Batch">samples per batch</param>
/// <param name="Sample">extents of a sample</param>
/// <param name="LearningRate">the learning rate</param>
/// <param name="Losses">the loss of each step, before its update</param>
/// <param name="Evaluation">the loss on batch 0 after the last step, in evaluation mode</param>
/// <param name="Parameters">statistics of each trainable parameter, in the order of the layers</param>
/// <param name="Float32">relative differences between PyTorch's single and double precision</param>
public sealed record Trajectory(
    string Data, int Batch, int[] Sample, double LearningRate, double[] Losses, double Evaluation, TrajectoryParameter[] Parameters,
    TrajectoryPrecision Float32);

/// <summary>Initial values and statistics of a parameter.</summary>
/// <param name="Shape">extents in the layout of GpuTrainer</param>
/// <param name="Center">center of the initial values</param>
/// <param name="Bound">largest distance of the initial values from the center</param>
/// <param name="Gradient">sum of squares of the gradient in the first step</param>
/// <param name="Change">sum of squares of the change after ten steps</param>
/// <param name="Projection">dot product of that change with hash values in [-1, 1)</param>
public sealed record TrajectoryParameter(int[] Shape, double Center, double Bound, double Gradient, double Change, double Projection);

/// <summary>Relative differences; that of the projection is relative to the square root of the change.</summary>
public sealed record TrajectoryPrecision(double Losses, double Evaluation, double Gradient, double Change, double Projection);

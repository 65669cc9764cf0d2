using System.Text.Json;

namespace Gpu.Tests.Vectors;

/// <summary>What <c>make_trajectories.py</c> wrote; its beginning explains the numbers.</summary>
/// <param name="Hash">some values of the hash</param>
/// <param name="Networks">the trajectories by the name of the network</param>
public sealed record TrajectoryFile(HashSample Hash, Dictionary<string, Trajectory> Networks)
{
    private static readonly JsonSerializerOptions Names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, RespectRequiredConstructorParameters = true };

    private static readonly Lazy<TrajectoryFile> Loaded = new(() =>
        JsonSerializer.Deserialize<TrajectoryFile>(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Vectors", "trajectories.json")), Names)!);

    public static TrajectoryFile Load() => Loaded.Value;
}

/// <summary>The first integers of a name.</summary>
public sealed record HashSample(string Name, int[] Values);

/// <summary>Ten steps of PyTorch, in double precision.</summary>
/// <param name="Data">the name that its hash values are drawn by</param>
/// <param name="Batch">samples a batch</param>
/// <param name="Sample">extents of a sample</param>
/// <param name="LearningRate">the learning rate</param>
/// <param name="Losses">the loss of each step, before its update</param>
/// <param name="Evaluation">the loss on batch 0 after the last step, in evaluation</param>
/// <param name="Parameters">sums over each trainable parameter, in the order of the layers</param>
/// <param name="Float32">relative distance of PyTorch's single from its double precision</param>
public sealed record Trajectory(
    string Data, int Batch, int[] Sample, double LearningRate, double[] Losses, double Evaluation, TrajectoryParameter[] Parameters, TrajectoryPrecision Float32);

/// <summary>A parameter.</summary>
/// <param name="Shape">extents, as GpuTrainer lays it out</param>
/// <param name="Center">middle of the initial values</param>
/// <param name="Bound">their largest distance from the middle</param>
/// <param name="Gradient">sum of squares of its gradient in the first step</param>
/// <param name="Change">sum of squares of how ten steps changed it</param>
/// <param name="Projection">dot product of that change with hash values in [-1, 1)</param>
public sealed record TrajectoryParameter(int[] Shape, double Center, double Bound, double Gradient, double Change, double Projection);

/// <summary>Relative differences; of projections, relative to the root of the change.</summary>
public sealed record TrajectoryPrecision(double Losses, double Evaluation, double Gradient, double Change, double Projection);

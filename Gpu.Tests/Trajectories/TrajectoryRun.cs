using Gpu.Kernels.Devices;
using Gpu.Tests.Vectors;
using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;

namespace Gpu.Tests.Trajectories;

/// <summary>A built-in network with the parameters and batches of a trajectory.</summary>
internal sealed class TrajectoryRun : IDisposable
{
    private readonly string _name;
    private readonly Trajectory _expected;
    private readonly Network _network;
    private readonly StepRunner _steps;
    private readonly ModelParameter[] _parameters;
    private readonly float[][] _start;

    public TrajectoryRun(string name, Trajectory expected, Model model, ComputeDevice device)
    {
        _name = name;
        _expected = expected;
        _parameters = [.. model.Parameters.Where(parameter => parameter.Trainable)];
        Assert.Equal(
            expected.Parameters.Select(parameter => string.Join('x', parameter.Shape)), _parameters.Select(parameter => string.Join('x', parameter.Shape)));
        _network = new Network(model, device);
        _start = new float[_parameters.Length][];
        for (var number = 0; number < _parameters.Length; number++)
        {
            var entry = expected.Parameters[number];
            _start[number] = HashValues.Uniform($"{expected.Data}/parameters/{number}", _parameters[number].Length, entry.Center, entry.Bound);
            _network.SetParameter(_parameters[number].Name, _start[number]);
        }

        _steps = new StepRunner(_network, expected.Batch, new TrainingOptions { LearningRate = (float)expected.LearningRate, Dropout = 0 });
    }

    public void ForwardBackward(int batch)
    {
        SetBatch(batch);
        _steps.ForwardBackward();
    }

    public void Update() => _steps.Update();

    public double ReadLoss() => _steps.ReadLoss();

    /// <summary>The loss on batch 0 in evaluation mode.</summary>
    public double Evaluate()
    {
        SetBatch(0);
        _steps.Evaluate();
        return _steps.ReadLoss();
    }

    /// <summary>Compares the sums of squares of the gradients.</summary>
    public void CompareGradients(Comparison check)
    {
        for (var number = 0; number < _parameters.Length; number++)
        {
            var squares = _network.GetGradient(_parameters[number].Name).Sum(value => (double)value * value);
            var tolerance = TrajectoryTests.Tolerance(_expected.Float32.Gradient);
            check.Relative("gradient", _expected.Parameters[number].Gradient, squares, tolerance, $"of {_parameters[number].Name}");
        }
    }

    /// <summary>Compares how training changed the parameters.</summary>
    public void CompareChanges(Comparison check)
    {
        for (var number = 0; number < _parameters.Length; number++)
        {
            var entry = _expected.Parameters[number];
            var values = _network.GetParameter(_parameters[number].Name);
            var direction = HashValues.Key($"{_expected.Data}/projection/{number}");
            double squares = 0, projection = 0;
            for (var i = 0; i < values.Length; i++)
            {
                var change = (double)values[i] - _start[number][i];
                squares += change * change;
                projection += change * HashValues.Signed(direction, i);
            }

            var where = $"of {_parameters[number].Name}";
            check.Relative("change", entry.Change, squares, TrajectoryTests.Tolerance(_expected.Float32.Change), where);
            check.Scaled("projection", entry.Projection, projection, Math.Sqrt(entry.Change), TrajectoryTests.Tolerance(_expected.Float32.Projection), where);
        }
    }

    public void Dispose()
    {
        _steps.Dispose();
        _network.Dispose();
    }

    private void SetBatch(int number)
    {
        var batch = TrajectoryBatch.Make(_name, _expected, number);
        if (batch.Labels is { } labels) _steps.SetBatch(batch.Inputs, labels);
        else _steps.SetBatch(batch.Inputs, batch.Targets!);
    }
}

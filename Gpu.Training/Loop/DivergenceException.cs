namespace Gpu.Training.Loop;

/// <summary>Training diverged: the loss or a weight is not a finite number.</summary>
public sealed class DivergenceException : TrainingException
{
    /// <summary>Creates the exception with its complete message.</summary>
    public DivergenceException(string message) : base(message)
    {
    }

    /// <summary>Creates the exception with its complete message and the step and layer where it began.</summary>
    /// <param name="message">The complete message.</param>
    /// <param name="step">The first optimizer step, from 1, with a number that is not finite; null if unknown.</param>
    /// <param name="layer">The first layer of that step with such an output or gradient; null if unknown.</param>
    public DivergenceException(string message, long? step, string? layer) : base(message) => (Step, Layer) = (step, layer);

    /// <summary>The first optimizer step, from 1, with a number that is not finite; null if unknown.</summary>
    public long? Step { get; }

    /// <summary>The first layer of <see cref="Step"/> with an output or gradient that is not finite; null if unknown.</summary>
    public string? Layer { get; }
}

namespace Gpu.Training.Loop;

/// <summary>What a run does when its loss or a weight is no longer a finite number.</summary>
public enum DivergenceAction
{
    /// <summary>The run ends with a <see cref="DivergenceException"/>. What was saved before stays.</summary>
    Stop,

    /// <summary>
    /// The run goes back to its last checkpoint, or its start, and continues with half the learning rate; after 5 times it stops.
    /// </summary>
    Rewind,
}

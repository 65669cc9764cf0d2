namespace Gpu.Training.Models;

/// <summary>
/// A layer does not take the shape it was given. A layer throws it without knowing its own name; the model adds that (<see cref="ModelException"/>).
/// </summary>
public sealed class ShapeException(string message) : Exception(message);

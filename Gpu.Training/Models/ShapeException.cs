namespace Gpu.Training.Models;

/// <summary>
/// A layer does not accept its input shape or its properties. The message does not name the layer; <see cref="Model"/> adds the name and throws a
/// <see cref="ModelException"/>.
/// </summary>
public sealed class ShapeException(string message) : Exception(message);

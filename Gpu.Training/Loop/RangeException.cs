namespace Gpu.Training.Loop;

/// <summary>A number is out of its range.</summary>
/// <param name="name">the name of the number</param>
/// <param name="value">the number as text</param>
/// <param name="range">the range in words</param>
internal sealed class RangeException(string name, string value, string range) : TrainingException(Text(name, value, range))
{
    /// <summary>The name of the number.</summary>
    public string Name => name;

    /// <summary>The message with the number as it is written elsewhere.</summary>
    public string With(string written) => Text(name, written, range);

    private static string Text(string name, string value, string range) => $"{name} is {value}, but must be {range}.";
}

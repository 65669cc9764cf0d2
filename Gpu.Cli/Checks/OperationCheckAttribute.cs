namespace Gpu.Cli.Checks;

/// <summary>Marks a check of an operation: a static method that takes a <see cref="Checker"/>.</summary>
/// <param name="name">what it checks, for the table of <c>check</c></param>
/// <param name="seed">the seed of its random shapes and values</param>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class OperationCheckAttribute(string name, int seed) : Attribute
{
    public string Name { get; } = name;

    public int Seed { get; } = seed;
}

namespace Gpu.Cli.Checks;

/// <summary>A device computed something else than the reference.</summary>
internal sealed class CheckFailedException(string message) : Exception(message);

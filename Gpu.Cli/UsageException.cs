namespace Gpu.Cli;

/// <summary>The command is wrong in a way that the parser could not see. The message says what was expected, what was found and what to do.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);

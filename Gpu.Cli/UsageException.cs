namespace Gpu.Cli;

/// <summary>Usage error that the parser cannot detect. The message says what was expected, what was found and what to do.</summary>
internal sealed class UsageException(string message, Exception? inner = null) : Exception(message, inner);

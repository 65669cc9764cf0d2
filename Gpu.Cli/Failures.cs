using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Images;

namespace Gpu.Cli;

/// <summary>Exceptions as messages and exit codes.</summary>
internal static class Failures
{
    /// <summary>The exit code of an exception, and what to tell the user; the stack trace only when asked for.</summary>
    public static (int Code, string Message) Describe(Exception exception, bool isVerbose)
    {
        var code = exception switch
        {
            OperationCanceledException => ExitCode.Cancelled,
            UsageException or DatasetNotFoundException => ExitCode.Usage,
            _ => ExitCode.Failure,
        };
        var message = exception switch
        {
            OperationCanceledException => "stopped",
            OutOfDeviceMemoryException { HasSuggestion: false } memory => $"{memory.Message}. Use a smaller --batch, a smaller model, or a device with more memory.",
            UsageException or DatasetException or ImageException => exception.Message,
            IOException or UnauthorizedAccessException => exception.Message,
            _ when IsExplained(exception) => exception.Message,
            _ => $"{exception.Message} ({exception.GetType().Name}). This is a fault of the program{(isVerbose ? "" : "; --verbose shows where it happened")}.",
        };
        return (code, isVerbose ? $"{message}{Environment.NewLine}{exception}" : message);
    }

    // Exceptions of the libraries here are written for users; those of the runtime are not.
    private static bool IsExplained(Exception exception) => exception.GetType().Namespace?.StartsWith("Gpu.", StringComparison.Ordinal) == true;
}

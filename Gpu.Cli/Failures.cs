using Gpu.Kernels.Devices;
using Gpu.Training.Data;
using Gpu.Training.Images;

namespace Gpu.Cli;

/// <summary>Maps exceptions to messages and exit codes.</summary>
internal static class Failures
{
    /// <summary>Returns the exit code and the message of an exception; with <paramref name="isVerbose"/>, the message includes the stack trace.</summary>
    public static (int Code, string Message) Describe(Exception exception, bool isVerbose)
    {
        // Of threads that wrote files at the same time, one reason says it all.
        if (exception is AggregateException { InnerException: { } first } && (first is IOException or UnauthorizedAccessException || IsExplained(first)))
            exception = first;
        var code = exception switch
        {
            OperationCanceledException => ExitCode.Cancelled,
            UsageException or DatasetNotFoundException => ExitCode.Usage,
            _ => ExitCode.Failure,
        };
        var message = exception switch
        {
            OperationCanceledException => "stopped",
            OutOfDeviceMemoryException { HasSuggestion: false } memory =>
                $"{memory.Message}. Use a smaller --batch, a smaller model, or a device with more memory.",
            UsageException or DatasetException or ImageException => exception.Message,
            IOException or UnauthorizedAccessException => exception.Message,
            _ when IsExplained(exception) => exception.Message,
            _ => $"{exception.Message} ({exception.GetType().Name}). This is a bug in gputrainer{(isVerbose ? "" : "; --verbose prints the stack trace")}.",
        };
        // Indented, as the lines of lists are.
        return (code, isVerbose ? string.Join($"{Environment.NewLine}  ", [message, .. exception.ToString().ReplaceLineEndings("\n").Split('\n')]) : message);
    }

    // Exceptions of the GpuTrainer libraries have messages for users; those of the runtime do not.
    private static bool IsExplained(Exception exception) => exception.GetType().Namespace?.StartsWith("Gpu.", StringComparison.Ordinal) == true;
}

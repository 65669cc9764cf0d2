namespace Gpu.Cli.Serving;

/// <summary>A request that cannot be answered; the message is for its sender.</summary>
/// <param name="status">the HTTP status code</param>
/// <param name="message">what was expected, what was found, what to do</param>
internal sealed class RequestException(int status, string message) : Exception(message)
{
    /// <summary>The HTTP status code.</summary>
    public int Status { get; } = status;
}

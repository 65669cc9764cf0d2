using System.Text.Json;
using Gpu.Cli;

namespace Gpu.Tests.Cli;

/// <summary>Runs a command line in this process and captures its exit code and output.</summary>
internal sealed record CommandLine(int ExitCode, string Output, string Error)
{
    /// <summary>The last line of standard output as JSON.</summary>
    public JsonElement Json => JsonDocument.Parse(Output.TrimEnd('\n', '\r').Split('\n')[^1]).RootElement;

    public static CommandLine Run(params string[] args) => Run(CancellationToken.None, args);

    public static CommandLine Run(CancellationToken cancellation, params string[] args) => Run(() => cancellation, args);

    /// <summary>Runs a command that is stopped when it asks for the <paramref name="question"/>-th time whether it is.</summary>
    public static CommandLine RunUntil(int question, params string[] args)
    {
        using var source = new CancellationTokenSource();
        var asked = 0;
        return Run(
            () =>
            {
                if (++asked == question) source.Cancel();
                return source.Token;
            },
            args);
    }

    private static CommandLine Run(Func<CancellationToken> cancellation, string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = App.Run(args, new CliHost(output, error, cancellation: cancellation));
        return new CommandLine(code, output.ToString(), error.ToString());
    }

    /// <summary>Runs the command as if standard output were a terminal with 100 columns.</summary>
    public static CommandLine RunAtTerminal(bool hasColor, params string[] args) => RunAtTerminal(100, hasColor, args);

    /// <summary>Runs the command as if standard output were a terminal with so many columns.</summary>
    public static CommandLine RunAtTerminal(int width, bool hasColor, params string[] args)
    {
        var (output, error) = (new StringWriter(), new StringWriter());
        var code = App.Run(args, new CliHost(output, error, isTerminal: true, width: width) { HasColor = hasColor });
        return new CommandLine(code, output.ToString(), error.ToString());
    }
}

using System.CommandLine;
using System.CommandLine.Help;
using Gpu.Cli.Commands;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;

namespace Gpu.Cli;

/// <summary>Entry point: parses and runs a command line.</summary>
internal static class App
{
    /// <summary>Runs a command line.</summary>
    /// <param name="args">the arguments, without the program name</param>
    /// <param name="host">streams and terminal</param>
    /// <returns>one of <see cref="ExitCode"/></returns>
    public static int Run(string[] args, CliHost host)
    {
        // Output options are read before parsing, so that usage errors are reported in the requested format.
        var isVerbose = args.Contains(CommandTree.Verbose);
        var reporter = Reporter.Create(host, args.Contains(CommandTree.Json), args.Contains(CommandTree.Plain), isVerbose);
        try
        {
            args = Recipe.Expand(args);
            var parsed = CommandTree.Build(args, new CommandContext(host, reporter)).Parse(args);
            if (parsed.Action is not HelpAction && ParseErrors.Explain(parsed) is { } mistake)
            {
                reporter.Fail(mistake, ExitCode.Usage);
                return ExitCode.Usage;
            }

            return parsed.Invoke(new InvocationConfiguration { Output = host.Output, Error = host.Error, EnableDefaultExceptionHandler = false });
        }
        catch (Exception exception)
        {
            reporter.EndProgress();
            var (code, message) = Failures.Describe(exception, isVerbose);
            reporter.Fail(message, code);
            return code;
        }
        finally
        {
            reporter.EndProgress();
            host.Output.Flush();
            host.Error.Flush();
        }
    }
}

using Gpu.Cli.Output;

namespace Gpu.Cli;

/// <summary>Services of a command.</summary>
/// <param name="Host">streams, terminal and cancellation</param>
/// <param name="Reporter">output in the requested format</param>
internal sealed record CommandContext(CliHost Host, Reporter Reporter);

using Gpu.Cli.Output;

namespace Gpu.Cli;

/// <summary>What a command works with.</summary>
/// <param name="Host">the streams, and the wish to stop</param>
/// <param name="Reporter">how it speaks</param>
internal sealed record CommandContext(CliHost Host, Reporter Reporter);

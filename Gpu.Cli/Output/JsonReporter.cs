namespace Gpu.Cli.Output;

/// <summary>Output for programs: exactly one JSON object on standard output, also after errors; everything else as plain lines on standard error.</summary>
internal sealed class JsonReporter(CliHost host) : PlainReporter(host)
{
    private bool _hasResult;

    protected override TextWriter Writer => Host.Error;

    public override void Result(JsonRecord result)
    {
        if (_hasResult) throw new InvalidOperationException("a command writes only one result");
        _hasResult = true;
        Host.Output.WriteLine(result.ToString());
        Host.Output.Flush();
    }

    public override void Fail(string message, int exitCode)
    {
        base.Fail(message, exitCode);
        if (_hasResult) return;
        // A mistake in the command line is found before anything is measured.
        var result = (exitCode == ExitCode.Usage ? null : SoFar?.Incomplete(exitCode)) ?? new JsonRecord();
        Result(result.Add("error", message).Add("exit_code", exitCode));
    }
}

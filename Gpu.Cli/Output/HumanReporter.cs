using System.Text;

namespace Gpu.Cli.Output;

/// <summary>Output for an interactive terminal: framed tables, colors, and a progress bar redrawn in place.</summary>
/// <remarks>Writes the escape codes of the progress bar itself, so that training does not wait for Spectre.Console to load.</remarks>
internal sealed class HumanReporter(CliHost host) : Reporter(host)
{
    private const string ClearLine = "\r\u001b[2K";
    private const string Reset = "\u001b[0m";
    private bool _hasBar;

    public override bool IsLive => true;

    protected override TimeSpan ProgressInterval => TimeSpan.FromMilliseconds(100);

    protected override void WriteLine(string text) => Host.Output.WriteLine(Wrap(text));

    protected override void WriteWhole(string text) => Host.Output.WriteLine(text);

    // The terminal would break words. A command at the end keeps one line, so that it can be copied.
    protected override string Wrap(string text)
    {
        const string command = ": gputrainer ";
        if (text.Length > Host.Width && text.LastIndexOf(command, StringComparison.Ordinal) is >= 0 and var colon)
            return $"{Wrap(text[..(colon + 1)])}{Environment.NewLine}{text[(colon + 2)..]}";
        var lines = new StringBuilder();
        while (text.Length > Host.Width)
        {
            // A list has line breaks of its own.
            var end = text.IndexOf('\n', 0, Host.Width);
            if (end < 0) end = text.LastIndexOf(' ', Host.Width);
            if (end <= 0) break;
            lines.Append(text.AsSpan(0, end).TrimEnd()).Append(Environment.NewLine);
            text = text[end] == '\n' ? text[(end + 1)..] : text[end..].TrimStart();
        }

        return lines.Append(text).ToString();
    }

    public override int Width => Host.Width;

    // A line and two spaces for each column, and the last line.
    protected override TableFit Fit(ReportTable table) => TableFit.Of(table, Width, 3, 1, wraps: true);

    protected override void WriteTable(TableFit fit) => SpectreTable.Write(Host, fit);

    protected override void WriteWarning(string text) => Host.Error.WriteLine($"{Color("33")}warning:{Color("0")} {WrapAfter("warning: ", text)}");

    protected override void WriteFailure(string message, int exitCode) =>
        Host.Error.WriteLine(exitCode == ExitCode.Cancelled ? message : $"{Color("31;1")}error:{Color("0")} {WrapAfter("error: ", message)}");

    private string WrapAfter(string label, string text) => Wrap(label + text)[label.Length..];

    public override void EndProgress()
    {
        if (!_hasBar) return;
        _hasBar = false;
        Host.Output.Write(ClearLine);
        Host.Output.Flush();
    }

    protected override void ShowProgress(in ProgressState state)
    {
        var tail = $" {state.Done}/{state.Total}  {state.Detail}  {Units.Duration(state.Left)} left";
        // Leaves the last column free: otherwise terminals wrap the line and every update starts a new one.
        var room = Math.Min(40, Host.Width - 1 - state.Label.Length - 2 - tail.Length);
        var share = state.Total > 0 ? Math.Clamp((double)state.Done / state.Total, 0, 1) : 0;
        var text = new StringBuilder(ClearLine).Append(state.Label).Append("  ");
        if (room >= 8) AppendBar(text, room, share);
        var line = tail.Length > Host.Width - 3 - state.Label.Length && room < 8 ? tail[..Math.Max(0, Host.Width - 3 - state.Label.Length)] : tail;
        Host.Output.Write(text.Append(line).ToString());
        Host.Output.Flush();
        _hasBar = true;
    }

    private void AppendBar(StringBuilder text, int width, double share)
    {
        var full = (int)Math.Round(share * width);
        text.Append(Color("36")).Append(Host.IsUnicode ? '━' : '#', full).Append(Color("90")).Append(Host.IsUnicode ? '─' : '-', width - full);
        text.Append(Color("0"));
    }

    private string Color(string code) => !Host.HasColor ? "" : code == "0" ? Reset : $"\u001b[{code}m";
}

namespace Gpu.Cli.Parsing;

/// <summary>Writes arguments as a POSIX shell needs them, for commands that are shown to be copied.</summary>
internal static class ShellQuote
{
    /// <summary>An argument as one word of a command line: as it is, or in single quotes if it has letters that mean something to a shell.</summary>
    public static string Quote(string argument) => argument.Length > 0 && !argument.StartsWith('~')
        && argument.All(letter => char.IsLetterOrDigit(letter) || "-_./\\:=,+@%~".Contains(letter, StringComparison.Ordinal)) && !IsEscape(argument)
        ? argument : $"'{argument.Replace("'", "'\\''", StringComparison.Ordinal)}'";

    /// <summary>Arguments as a command line.</summary>
    public static string Join(IEnumerable<string> arguments) => string.Join(' ', arguments.Select(Quote));

    // Backslashes are separators on Windows, whose shells do not know single quotes, and escapes elsewhere.
    private static bool IsEscape(string argument) => Path.DirectorySeparatorChar != '\\' && argument.Contains('\\', StringComparison.Ordinal);
}

using System.Text.RegularExpressions;

namespace Gpu.Tests.Compilation;

/// <summary>One PTX instruction: what it reads, what it writes, where it may go.</summary>
internal sealed partial record PtxInstruction(int Line, string Text, string? Guard, string Opcode, string[] Operands)
{
    // Instructions whose first operand is read, not written.
    private static readonly string[] WithoutResult =
        ["st", "red", "bra", "brx", "bar", "barrier", "ret", "exit", "trap", "membar", "fence", "prefetch", "call", "nanosleep", "cp"];

    /// <summary>Registers written; two for instructions such as <c>setp p|q</c>.</summary>
    public string[] Writes { get; } = HasResult(Opcode) && Operands.Length > 0 ? Registers(Operands[0]) : [];

    /// <summary>Registers read. A guarded instruction also reads what it writes, for that stays where the guard is false.</summary>
    public string[] Reads { get; } =
    [
        .. Operands.Skip(HasResult(Opcode) ? 1 : 0).SelectMany(Registers),
        .. Guard is null ? (string[])[] : [Guard, .. HasResult(Opcode) && Operands.Length > 0 ? Registers(Operands[0]) : []],
    ];

    /// <summary>The operation without its types: <c>ld</c> of <c>ld.global.f32</c>.</summary>
    public string Operation => Opcode.Split('.')[0];

    public bool IsBranch => Operation is "bra" or "brx";

    public bool EndsBlock => IsBranch || Operation is "ret" or "exit" or "trap";

    /// <summary>Promises that all active threads of the warp go the same way.</summary>
    public bool IsUniformBranch => IsBranch && Opcode.Contains(".uni", StringComparison.Ordinal);

    /// <summary>Parses a statement without its semicolon.</summary>
    public static PtxInstruction Parse(string statement, int line)
    {
        var match = Statement().Match(statement);
        if (!match.Success) throw new FormatException($"line {line} is not a PTX instruction: {statement}");
        var guard = match.Groups["guard"].Success ? match.Groups["guard"].Value : null;
        return new PtxInstruction(line, statement, guard, match.Groups["opcode"].Value, [.. Split(match.Groups["operands"].Value)]);
    }

    private static bool HasResult(string opcode) => !WithoutResult.Contains(opcode.Split('.')[0]);

    // Registers and special registers begin with a percent sign; the member of a special register belongs to its name.
    private static string[] Registers(string operand) => [.. Register().Matches(operand).Select(match => match.Value)];

    // At the commas outside of brackets and braces.
    private static IEnumerable<string> Split(string operands)
    {
        int depth = 0, from = 0;
        for (var i = 0; i < operands.Length; i++)
        {
            if (operands[i] is '{' or '[' or '(') depth++;
            else if (operands[i] is '}' or ']' or ')') depth--;
            else if (operands[i] == ',' && depth == 0)
            {
                yield return operands[from..i].Trim();
                from = i + 1;
            }
        }

        if (operands[from..].Trim() is { Length: > 0 } last) yield return last;
    }

    [GeneratedRegex(@"^(@!?(?<guard>%\w+)\s+)?(?<opcode>[a-z][\w.:]*)\s*(?<operands>.*)$", RegexOptions.Singleline)]
    private static partial Regex Statement();

    [GeneratedRegex(@"%[A-Za-z_]\w*(\.[xyzw])?")]
    private static partial Regex Register();
}

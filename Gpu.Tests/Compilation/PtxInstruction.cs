using System.Text.RegularExpressions;

namespace Gpu.Tests.Compilation;

/// <summary>One PTX instruction with the registers it reads and writes.</summary>
internal sealed partial record PtxInstruction(int Line, string Text, string? Guard, string Opcode, string[] Operands)
{
    // Operations without a destination: their first operand is read.
    private static readonly string[] WithoutResult =
        ["st", "red", "bra", "brx", "bar", "barrier", "ret", "exit", "trap", "membar", "fence", "prefetch", "call", "nanosleep", "cp"];

    /// <summary>The registers written: two for instructions such as <c>setp p|q</c>.</summary>
    public string[] Writes { get; } = HasResult(Opcode) && Operands.Length > 0 ? Registers(Operands[0]) : [];

    /// <summary>The registers read. A guarded instruction also reads its destination, which keeps its value if the guard is false.</summary>
    public string[] Reads { get; } =
    [
        .. Operands.Skip(HasResult(Opcode) ? 1 : 0).SelectMany(Registers),
        .. Guard is null ? (string[])[] : [Guard, .. HasResult(Opcode) && Operands.Length > 0 ? Registers(Operands[0]) : []],
    ];

    /// <summary>The opcode without its modifiers and types: <c>ld</c> for <c>ld.global.f32</c>.</summary>
    public string Operation => Opcode.Split('.')[0];

    public bool IsBranch => Operation is "bra" or "brx";

    public bool EndsBlock => IsBranch || Operation is "ret" or "exit" or "trap";

    /// <summary>True for a branch that promises to be uniform: all active threads of the warp take the same direction.</summary>
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

    // Registers and special registers begin with a percent sign. A component suffix such as .x is part of a special register's name.
    private static string[] Registers(string operand) => [.. Register().Matches(operand).Select(match => match.Value)];

    // Splits at the commas outside brackets and braces.
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

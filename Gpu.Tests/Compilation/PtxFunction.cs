using System.Text.RegularExpressions;

namespace Gpu.Tests.Compilation;

/// <summary>A basic block: entered at its first instruction and left at its last.</summary>
internal sealed class PtxBlock
{
    public List<PtxInstruction> Instructions { get; } = [];

    public List<int> Successors { get; } = [];

    public List<int> Predecessors { get; } = [];
}

/// <summary>One function of a PTX module as basic blocks of instructions.</summary>
internal sealed partial class PtxFunction
{
    private PtxFunction(string name, bool isKernel, HashSet<string> parameters)
    {
        Name = name;
        IsKernel = isKernel;
        Parameters = parameters;
    }

    public string Name { get; }

    /// <summary>True for an entry point, whose parameters are the same in all threads.</summary>
    public bool IsKernel { get; }

    public HashSet<string> Parameters { get; }

    public List<PtxBlock> Blocks { get; } = [new()];

    public IEnumerable<PtxInstruction> Instructions => Blocks.SelectMany(block => block.Instructions);

    /// <summary>Parses the functions of a module that have a body.</summary>
    public static IReadOnlyList<PtxFunction> Parse(string module)
    {
        var functions = new List<PtxFunction>();
        var text = Comment().Replace(module, match => new string('\n', match.Value.Count(c => c == '\n')));
        for (var match = Header().Match(text); match.Success; match = match.NextMatch())
        {
            var body = text.IndexOf('{', match.Index + match.Length - 1);
            var end = ClosingBrace(text, body);
            var name = match.Groups["name"].Value;
            var parameters = Parameter().Matches(match.Value).Select(parameter => parameter.Groups["name"].Value).ToHashSet();
            var function = new PtxFunction(name, match.Groups["kind"].Value == ".entry", parameters);
            function.Read(text[(body + 1)..end], text[..body].Count(c => c == '\n') + 1);
            functions.Add(function);
        }

        return functions;
    }

    private static int ClosingBrace(string text, int open)
    {
        var depth = 0;
        for (var i = open; i < text.Length; i++)
        {
            if (text[i] == '{') depth++;
            if (text[i] == '}' && --depth == 0) return i;
        }

        throw new FormatException("a function of the PTX module has no closing brace");
    }

    // Statements end with a semicolon, labels with a colon. The braces of a scope are on lines of their own.
    private void Read(string body, int line)
    {
        var labels = new Dictionary<string, int>();
        var tables = new Dictionary<string, string[]>();
        string? table = null;
        var (at, counted) = (line, 0);
        foreach (Match match in Piece().Matches(body))
        {
            at += body.AsSpan(counted, match.Index - counted).Count('\n');
            counted = match.Index;
            if (match.Groups["label"] is { Success: true } label)
            {
                BeginBlock();
                labels[table = label.Value] = Blocks.Count - 1;
            }
            else if (match.Groups["statement"] is { Success: true } found && found.Value.Trim() is var statement)
            {
                if (statement.StartsWith(".branchtargets", StringComparison.Ordinal))
                {
                    tables[table ?? throw new FormatException($"line {at}: a table of branch targets without a name")] =
                        [.. statement[".branchtargets".Length..].Split(',').Select(target => target.Trim())];
                }
                else if (!statement.StartsWith('.'))
                {
                    var instruction = PtxInstruction.Parse(statement, at);
                    Blocks[^1].Instructions.Add(instruction);
                    if (instruction.EndsBlock) Blocks.Add(new());
                }
            }
        }

        for (var i = 0; i < Blocks.Count; i++) Connect(i, labels, tables);
    }

    // The first block never has a label, so it has no predecessors, as ControlFlowGraph requires of the entry.
    private void BeginBlock()
    {
        if (Blocks.Count == 1 || Blocks[^1].Instructions.Count > 0) Blocks.Add(new());
    }

    private void Connect(int index, Dictionary<string, int> labels, Dictionary<string, string[]> tables)
    {
        var last = Blocks[index].Instructions.LastOrDefault();
        var targets = last?.Operation switch
        {
            "bra" => [labels[last.Operands[0]]],
            "brx" => tables[last.Operands[1]].Select(target => labels[target]),
            _ => (IEnumerable<int>)[],
        };
        var fallsThrough = (last is not { EndsBlock: true } || last.Guard is not null) && index + 1 < Blocks.Count;
        foreach (var target in targets.Concat(fallsThrough ? [index + 1] : (int[])[]).Distinct())
        {
            Blocks[index].Successors.Add(target);
            Blocks[target].Predecessors.Add(index);
        }
    }

    [GeneratedRegex(@"//[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    // A declaration without a body has a semicolon before any brace, so it does not match.
    [GeneratedRegex(@"(?<kind>\.entry|\.func)\s*(\([^)]*\)\s*)?(?<name>[\w$]+)\s*(\([^)]*\))?[^{;]*\{")]
    private static partial Regex Header();

    [GeneratedRegex(@"\.param\s[^,)]*?(?<name>[\w$]+)\s*(\[\d*\])?\s*[,)]")]
    private static partial Regex Parameter();

    [GeneratedRegex(@"^[ \t]*(?<label>[\w$]+):|(?<statement>[@.a-z](\{[^{}]*\}|[^;{}])*);", RegexOptions.Multiline)]
    private static partial Regex Piece();
}

using System.Globalization;
using System.Reflection;
using System.Text;
using Gpu.Kernels;
using Gpu.Training.Planning;

namespace Gpu.Training.SourceCode;

/// <summary>
/// Receives the C# source of an operation's forward pass in evaluation, for <see cref="Runs.ExportFormat.CSharp"/>: calls of the public operations of
/// Gpu.Kernels. All strings are C# expressions that are valid inside the exported class.
/// </summary>
public sealed class ForwardCode
{
    private readonly PlanLayout _layout;
    private readonly PlanValue _input;
    private readonly Func<string, (int Offset, int Length)> _parameter;
    private readonly Dictionary<object, string> _shapes = [];
    private readonly StringBuilder _declarations = new();
    private readonly StringBuilder _calls = new();
    private readonly List<string> _workspaces = [];
    private PlanOperation _operation = null!;

    internal ForwardCode(PlanLayout layout, PlanValue input, Func<string, (int Offset, int Length)> parameter)
    {
        _layout = layout;
        _input = input;
        _parameter = parameter;
    }

    /// <summary>The words of scratch memory of the operation, as declared by <see cref="Workspace"/>.</summary>
    public string WorkspaceView => "workspace";

    /// <summary>The output of the operation.</summary>
    public string Output => Value(_operation.Output.Value);

    /// <summary>The activation that is fused into the operation.</summary>
    public string Activation => Literal(_operation.Activation);

    internal string Declarations => _declarations.ToString();

    internal string Calls => _calls.ToString();

    internal IReadOnlyList<string> Workspaces => _workspaces;

    /// <summary>An input of the operation.</summary>
    public string Input(int index) => Value(_operation.Inputs[index].Value);

    /// <summary>A parameter or running statistic by its full name; <c>default</c> if the name is null.</summary>
    public string Parameter(string? name)
    {
        if (name is null) return "default";
        var (offset, length) = _parameter(name);
        return string.Create(CultureInfo.InvariantCulture, $"Parameter({offset}, {length})");
    }

    /// <summary>A shape of Gpu.Kernels for the batch of the exported class; it is declared once.</summary>
    /// <param name="sample">the shape for a batch of 1, a record struct with a property <c>Batch</c></param>
    public string Shape(object sample)
    {
        ArgumentNullException.ThrowIfNull(sample);
        if (!_shapes.TryGetValue(sample, out var name))
        {
            var type = sample.GetType();
            name = string.Create(CultureInfo.InvariantCulture, $"Shape{_shapes.Count + 1}");
            _shapes.Add(sample, name);
            _declarations.Append(CultureInfo.InvariantCulture, $"    private static {type.Name} {name}(int batch) => {Construct(sample)};\n\n");
        }

        return $"{name}(batch)";
    }

    /// <summary>Adds a call of a method, whose first argument is the executor.</summary>
    /// <param name="method">for example <c>Conv2d.Forward</c></param>
    /// <param name="arguments">the other arguments</param>
    public void Call(string method, params string[] arguments) =>
        _calls.Append(CultureInfo.InvariantCulture, $"        {method}({string.Join(", ", arguments.Prepend("list"))});\n");

    /// <summary>Declares how many words of <see cref="WorkspaceView"/> the operation needs.</summary>
    public void Workspace(string words)
    {
        if (!_workspaces.Contains(words)) _workspaces.Add(words);
    }

    /// <summary>A value as a C# expression: a number, an enumeration or an activation.</summary>
    public static string Literal(object value) => value switch
    {
        bool flag => flag ? "true" : "false",
        int number => number.ToString(CultureInfo.InvariantCulture),
        float number => number.ToString("R", CultureInfo.InvariantCulture) + "f",
        Enum name => $"{name.GetType().Name}.{name}",
        Kernels.Activation { Kind: ActivationKind.LeakyRelu } activation => $"new Activation({Literal(activation.Kind)}, {Literal(activation.Slope)})",
        Kernels.Activation activation => $"new Activation({Literal(activation.Kind)})",
        _ => throw new ArgumentException($"{value.GetType()} has no C# form", nameof(value)),
    };

    /// <summary>Adds the calls of an operation; false if it has no C# form.</summary>
    internal bool Add(PlanOperation operation)
    {
        _operation = operation;
        _calls.Append(CultureInfo.InvariantCulture, $"        // {operation.Name}\n");
        return operation.WriteForward(this);
    }

    /// <summary>A value of the graph.</summary>
    internal string Value(PlanValue value) => value == _input ? "input" : string.Create(
        CultureInfo.InvariantCulture, $"Value({_layout.Value(value).Offset}, {value.Length})");

    // With the properties that differ from their defaults.
    private static string Construct(object shape)
    {
        var type = shape.GetType();
        var named = type.GetConstructors().FirstOrDefault(constructor => constructor.GetParameters().Length > 0);
        if (named is not null)
        {
            return $"new({string.Join(", ", named.GetParameters()
                .Where(parameter => !parameter.HasDefaultValue || !Equals(parameter.DefaultValue, Get(parameter.Name!)))
                .Select(parameter => $"{parameter.Name}: {Text(parameter.Name!)}"))})";
        }

        var defaults = Activator.CreateInstance(type)!;
        return $"new() {{ {string.Join(", ", type.GetProperties()
            .Where(property => property.SetMethod is not null)
            .Where(property => property.Name == "Batch" || IsRequired(property) || !Equals(property.GetValue(defaults), Get(property.Name)))
            .Select(property => $"{property.Name} = {Text(property.Name)}"))} }}";

        object Get(string name) => type.GetProperty(name)!.GetValue(shape)!;

        string Text(string name) => name == "Batch" ? "batch" : Literal(Get(name));

        static bool IsRequired(PropertyInfo property) =>
            property.GetCustomAttribute<System.Runtime.CompilerServices.RequiredMemberAttribute>() is not null;
    }
}

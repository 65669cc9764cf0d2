using System.Reflection;
using System.Reflection.Emit;
using Gpu.Kernels.Backends;

namespace Gpu.Tests.Compilation;

/// <summary>Which members of its machine a kernel calls, directly or through other methods of Gpu.Kernels; read from its intermediate language.</summary>
internal static class MachineCalls
{
    private const BindingFlags Everything = BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>The names of the members that are called.</summary>
    public static HashSet<string> Of(Type kernel)
    {
        var names = new HashSet<string>();
        var seen = new HashSet<(Module, int)>();
        var open = new Stack<MethodBase>([kernel.GetMethod("Run")!]);
        while (open.TryPop(out var method))
        {
            if (!seen.Add((method.Module, method.MetadataToken))) continue;
            foreach (var called in Called(method))
            {
                if (called.DeclaringType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(IVectorBackend<,>)) names.Add(called.Name);
                else if (called.Module == typeof(IVectorBackend<,>).Module) open.Push(called);
                // Of a static abstract member any implementation may be the one.
                if (called.IsAbstract && called.DeclaringType is { } contract && called.Module == typeof(IVectorBackend<,>).Module) Implementations(contract, called.Name, open);
            }
        }

        return names;
    }

    private static void Implementations(Type contract, string name, Stack<MethodBase> open)
    {
        if (contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IVectorBackend<,>)) return;
        var definition = contract.IsGenericType ? contract.GetGenericTypeDefinition() : contract;
        foreach (var type in contract.Assembly.GetTypes().Where(type => type.IsValueType))
        {
            if (!type.GetInterfaces().Any(candidate => (candidate.IsGenericType ? candidate.GetGenericTypeDefinition() : candidate) == definition)) continue;
            foreach (var method in type.GetMethods(Everything).Where(method => method.Name == name)) open.Push(method);
        }
    }

    /// <summary>The methods that a method calls.</summary>
    public static IEnumerable<MethodBase> Called(MethodBase method)
    {
        if (method.GetMethodBody()?.GetILAsByteArray() is not { } code) yield break;
        var typeArguments = method.DeclaringType is { IsGenericType: true } type ? type.GetGenericArguments() : null;
        var methodArguments = method.IsGenericMethod ? method.GetGenericArguments() : null;
        for (var i = 0; i < code.Length;)
        {
            var opcode = Codes[code[i] == 0xFE ? (short)(0xFE00 | code[i + 1]) : code[i]];
            i += opcode.Size;
            if (opcode.OperandType == OperandType.InlineMethod && method.Module.ResolveMethod(BitConverter.ToInt32(code, i), typeArguments, methodArguments) is { } called)
                yield return called;
            i += opcode.OperandType switch
            {
                OperandType.InlineNone => 0,
                OperandType.ShortInlineBrTarget or OperandType.ShortInlineI or OperandType.ShortInlineVar => 1,
                OperandType.InlineVar => 2,
                OperandType.InlineI8 or OperandType.InlineR => 8,
                OperandType.InlineSwitch => 4 + 4 * BitConverter.ToInt32(code, i),
                _ => 4,
            };
        }
    }
}

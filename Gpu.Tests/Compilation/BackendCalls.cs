using System.Reflection;
using System.Reflection.Emit;
using Gpu.Kernels.Backends;

namespace Gpu.Tests.Compilation;

/// <summary>Finds the members of its vector backend that a kernel calls, directly or through other methods of Gpu.Kernels, by reading IL.</summary>
internal static class BackendCalls
{
    /// <summary>All members that a type declares itself.</summary>
    public const BindingFlags Declared =
        BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<short, OpCode> Codes = typeof(OpCodes).GetFields(BindingFlags.Public | BindingFlags.Static)
        .Select(field => (OpCode)field.GetValue(null)!).ToDictionary(code => code.Value);

    /// <summary>The names of the backend members that a kernel calls.</summary>
    public static HashSet<string> Of(Type kernel)
    {
        var names = new HashSet<string>();
        var seen = new HashSet<(Module, int)>();
        var pending = new Stack<MethodBase>([kernel.GetMethod("Run")!]);
        while (pending.TryPop(out var method))
        {
            if (!seen.Add((method.Module, method.MetadataToken))) continue;
            foreach (var called in Called(method))
            {
                if (called.DeclaringType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(IVectorBackend<,>))
                    names.Add(called.Name);
                else if (called.Module == typeof(IVectorBackend<,>).Module) pending.Push(called);
                // A static abstract member may resolve to any of its implementations.
                if (called.IsAbstract && called.DeclaringType is { } contract && called.Module == typeof(IVectorBackend<,>).Module)
                    PushImplementations(contract, called.Name, pending);
            }
        }

        return names;
    }

    private static void PushImplementations(Type contract, string name, Stack<MethodBase> pending)
    {
        if (contract.IsGenericType && contract.GetGenericTypeDefinition() == typeof(IVectorBackend<,>)) return;
        var definition = contract.IsGenericType ? contract.GetGenericTypeDefinition() : contract;
        foreach (var type in contract.Assembly.GetTypes().Where(type => type.IsValueType))
        {
            if (!type.GetInterfaces().Any(candidate => (candidate.IsGenericType ? candidate.GetGenericTypeDefinition() : candidate) == definition)) continue;
            foreach (var method in type.GetMethods(Declared).Where(method => method.Name == name)) pending.Push(method);
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
            if (opcode.OperandType == OperandType.InlineMethod
                && method.Module.ResolveMethod(BitConverter.ToInt32(code, i), typeArguments, methodArguments) is { } called)
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

namespace Gpu.Kernels.Devices;

/// <summary>An operand of an operation, for the check before its launch. An empty view stands for an omitted operand.</summary>
/// <param name="View">the view</param>
/// <param name="Name">its name, for messages</param>
internal readonly record struct Operand(DeviceView View, string Name)
{
    /// <summary>The input at which the derivative of a gate is taken. Without a gate it is not read, and a plan may have reused its memory.</summary>
    public static Operand OfGate(Activation gate, DeviceView input) => new(gate.Kind == ActivationKind.Identity ? default : input, nameof(input));
}

/// <summary>
/// Checks the memory of an operation before its launch: each view is memory of the device that was not freed, lies inside its buffer, and is not overwritten
/// while the operation reads it. Each public operation calls it once, after it has checked the lengths. A recorded operation is checked when it is recorded.
/// </summary>
internal static class Operands
{
    /// <summary>Checks the views.</summary>
    /// <param name="executor">the executor of the operation</param>
    /// <param name="written">views that are written; they must overlap no other view, except as <paramref name="inPlace"/> says</param>
    /// <param name="read">views that are only read; they may overlap each other</param>
    /// <param name="inPlace">views that are only read, and that a written view may be equal to, because each element is read before it is written</param>
    /// <exception cref="ArgumentException">a view belongs to another device, reaches outside its buffer, or overlaps another one</exception>
    /// <exception cref="ObjectDisposedException">the memory of a view was freed</exception>
    public static void Check(
        IExecutor executor, ReadOnlySpan<Operand> written, ReadOnlySpan<Operand> read, ReadOnlySpan<Operand> inPlace = default)
    {
        var list = executor as CommandList;
        foreach (var operand in written) CheckMemory(executor.Device, list, operand);
        foreach (var operand in read) CheckMemory(executor.Device, list, operand);
        foreach (var operand in inPlace) CheckMemory(executor.Device, list, operand);
        for (var i = 0; i < written.Length; i++)
        {
            for (var k = i + 1; k < written.Length; k++) RequireDisjoint(written[i], written[k]);
            foreach (var other in read) RequireDisjoint(written[i], other);
            foreach (var other in inPlace)
                if (written[i].View != other.View) RequireDisjoint(written[i], other);
        }
    }

    private static void CheckMemory(ComputeDevice device, CommandList? list, in Operand operand)
    {
        var (view, name) = operand;
        if (view.Buffer is not { } buffer)
        {
            if (view is { IsEmpty: true, Offset: 0 }) return;
            throw new ArgumentException($"{name} must be memory of {device.Description}, but is a view of {view.Length} words of no buffer", name);
        }

        if (!view.IsInside)
        {
            throw new ArgumentException(
                $"{name} is {view.Length} words from word {view.Offset} on, which reach outside its buffer of {buffer.Length} words", name);
        }

        if (!device.Owns(buffer))
        {
            throw new ArgumentException(
                $"{name} ({view.Length} words) must be memory of this device ({device.Description}), but is memory of another one "
                + $"({buffer.Device.Description})", name);
        }

        ObjectDisposedException.ThrowIf(buffer.IsDisposed, buffer);
        list?.Keep(buffer);
    }

    private static void RequireDisjoint(in Operand written, in Operand other)
    {
        var (a, b) = (written.View, other.View);
        if (a.IsEmpty || b.IsEmpty || !a.Buffer!.SharesMemory(b.Buffer!)) return;
        if (a.Offset < (long)b.Offset + b.Length && b.Offset < (long)a.Offset + a.Length)
        {
            throw new ArgumentException(
                $"{written.Name} (words {a.Offset} to {(long)a.Offset + a.Length - 1}) must not overlap {other.Name} "
                + $"(words {b.Offset} to {(long)b.Offset + b.Length - 1}): the operation writes one of them while it still reads the other",
                written.Name);
        }
    }
}

using Gpu.Training.Images;
using ScottPlot;

namespace Gpu.Cli.Charts;

/// <summary>Gives the axes of the library the ticks of all charts of the program (<see cref="AxisTicks"/>).</summary>
internal sealed class RoundTicks : ITickGenerator
{
    private const int MostTicks = 8;

    private readonly Func<CoordinateRange, IEnumerable<Tick>> _place;

    private RoundTicks(Func<CoordinateRange, IEnumerable<Tick>> place) => _place = place;

    /// <inheritdoc/>
    public Tick[] Ticks { get; set; } = [];

    /// <inheritdoc/>
    public int MaxTickCount { get; set; } = 1000;

    /// <summary>Ticks of a linear axis.</summary>
    /// <param name="isWhole">whether ticks are whole numbers</param>
    public static RoundTicks Linear(bool isWhole = false) => new(range => Major(AxisTicks.Linear(range.Min, range.Max, MostTicks, isWhole), tick => tick));

    /// <summary>Ticks of a logarithmic axis, whose places are logarithms.</summary>
    /// <param name="zero">the place of 0; null for none</param>
    /// <param name="start">where the logarithmic part starts; null for the end of the axis</param>
    public static RoundTicks Log(double? zero, double? start) => new(range =>
    {
        var (from, to) = (Math.Pow(10, start ?? range.Min), Math.Pow(10, range.Max));
        List<Tick> ticks = [.. Major(AxisTicks.Log(from, to, MostTicks), Math.Log10)];
        if (zero is { } place) ticks.Add(new Tick(place, "0", true));
        for (var power = Math.Floor(Math.Log10(from)); power <= Math.Log10(to); power++)
        {
            for (var digit = 1; digit < 10; digit++)
                if (digit * Math.Pow(10, power) is var value && value >= from && value <= to) ticks.Add(new Tick(Math.Log10(value), "", false));
        }

        return ticks;
    });

    /// <inheritdoc/>
    public void Regenerate(CoordinateRange range, Edge edge, PixelLength size, Paint paint, LabelStyle labelStyle) => Ticks = [.. _place(range)];

    private static IEnumerable<Tick> Major(double[] ticks, Func<double, double> place) =>
        ticks.Zip(AxisTicks.Texts(ticks)).Select(tick => new Tick(place(tick.First), tick.Second, true));
}

namespace Gpu.Training.Data.Digits;

/// <summary>The pen at one point of a stroke.</summary>
/// <param name="Radius">Half the width of the line, in pixels.</param>
/// <param name="Strength">Ink, from 0 to 1.</param>
internal readonly record struct Pen(double Radius, double Strength);

using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Cli.Checks;

/// <summary>
/// A parameter arena on a device with everything that an optimizer needs. The padding words between segments hold <see cref="PaddingValue"/>, which nothing
/// may change.
/// </summary>
internal sealed class OptimizerFixture : IDisposable
{
    public const float PaddingValue = 123.5f;

    private readonly Checker _checker;
    private readonly float[] _stepState = new float[StepStateLayout.Words];
    private readonly SegmentTable _table;
    private readonly DeviceView _state;
    private readonly DeviceView _step;
    private readonly DeviceView _norm;
    private readonly DeviceView _workspace;

    public OptimizerFixture(Checker checker, OptimizerSettings settings, ParameterArena arena, float[] initial)
    {
        _checker = checker;
        Settings = settings;
        Arena = arena;
        _table = new SegmentTable(checker.Device, arena);
        Parameters = checker.Upload(WithPadding(initial, PaddingValue));
        Gradients = checker.Upload(new float[arena.Length]);
        _state = settings.StatesPerParameter == 0 ? default : checker.Upload(new float[settings.StateLength(arena.Length)]);
        Average = settings.EmaDecay is null ? default : checker.Upload(WithPadding(initial, PaddingValue));
        _step = checker.Upload(_stepState);
        _norm = checker.Output(GradientNormLayout.Words);
        _workspace = checker.Output(GradientNorm.WorkspaceLength(arena.Length));
    }

    public OptimizerSettings Settings { get; }

    public ParameterArena Arena { get; }

    public DeviceView Parameters { get; }

    public DeviceView Gradients { get; }

    public DeviceView Average { get; }

    /// <summary>The gradient norm and the clip factor of the last clipped step.</summary>
    public float[] Norm => _checker.Download(_norm);

    public void Step(float[] gradients, float learningRate, int step, float scale = 1, float clip = 0)
    {
        _checker.Device.Upload<float>(WithPadding(gradients, 0), Gradients);
        _stepState[StepStateLayout.Step] = BitConverter.Int32BitsToSingle(step);
        _stepState[StepStateLayout.LearningRate] = learningRate;
        _stepState[StepStateLayout.GradientScale] = scale;
        _checker.Device.Upload<float>(_stepState, _step);
        if (clip > 0) GradientNorm.Run(_checker.Device, Gradients, _step, clip, _norm, _workspace);
        FusedOptimizer.Update(_checker.Device, Settings, _table, Parameters, Gradients, _state, _step, clip > 0 ? _norm : default, Average);
    }

    /// <summary>The concatenated values of the segments. Asserts that the padding between them is unchanged.</summary>
    public float[] ReadSegments(DeviceView arena, float padding = PaddingValue)
    {
        var words = _checker.Download(arena);
        var values = Arena.Segments.SelectMany(segment => words.Skip(segment.Offset).Take(segment.Length)).ToArray();
        foreach (var segment in Arena.Segments)
            for (var i = segment.Offset + segment.Length; i % ParameterArena.Alignment != 0; i++) Require.Equal(padding, words[i]);
        return values;
    }

    public void Dispose() => _table.Dispose();

    private float[] WithPadding(float[] values, float padding)
    {
        var words = new float[Arena.Length];
        Array.Fill(words, padding);
        var at = 0;
        foreach (var segment in Arena.Segments)
        {
            values.AsSpan(at, segment.Length).CopyTo(words.AsSpan(segment.Offset));
            at += segment.Length;
        }

        return words;
    }
}

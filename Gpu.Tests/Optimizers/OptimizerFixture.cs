using Gpu.Kernels;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;

namespace Gpu.Tests.Optimizers;

/// <summary>
/// A parameter arena on a device with everything that an optimizer needs. The padding words between segments hold <see cref="PaddingValue"/>, which nothing
/// may change.
/// </summary>
internal sealed class OptimizerFixture : IDisposable
{
    public const float PaddingValue = 123.5f;

    private readonly Oracle _oracle;
    private readonly float[] _stepState = new float[StepStateLayout.Words];
    private readonly SegmentTable _table;
    private readonly DeviceView _state;
    private readonly DeviceView _step;
    private readonly DeviceView _norm;
    private readonly DeviceView _workspace;

    public OptimizerFixture(Oracle oracle, OptimizerSettings settings, ParameterArena arena, float[] initial)
    {
        _oracle = oracle;
        Settings = settings;
        Arena = arena;
        _table = new SegmentTable(oracle.Device, arena);
        Parameters = oracle.Upload(WithPadding(initial, PaddingValue));
        Gradients = oracle.Upload(new float[arena.Length]);
        _state = settings.StatesPerParameter == 0 ? default : oracle.Upload(new float[settings.StateLength(arena.Length)]);
        Average = settings.EmaDecay is null ? default : oracle.Upload(WithPadding(initial, PaddingValue));
        _step = oracle.Upload(_stepState);
        _norm = oracle.Output(GradientNormLayout.Words);
        _workspace = oracle.Output(GradientNorm.WorkspaceLength(arena.Length));
    }

    public OptimizerSettings Settings { get; }

    public ParameterArena Arena { get; }

    public DeviceView Parameters { get; }

    public DeviceView Gradients { get; }

    public DeviceView Average { get; }

    /// <summary>The gradient norm and the clip factor of the last clipped step.</summary>
    public float[] Norm => _oracle.Download(_norm);

    public void Step(float[] gradients, float learningRate, int step, float scale = 1, float clip = 0)
    {
        _oracle.Device.Upload<float>(WithPadding(gradients, 0), Gradients);
        _stepState[StepStateLayout.Step] = BitConverter.Int32BitsToSingle(step);
        _stepState[StepStateLayout.LearningRate] = learningRate;
        _stepState[StepStateLayout.GradientScale] = scale;
        _oracle.Device.Upload<float>(_stepState, _step);
        if (clip > 0) GradientNorm.Run(_oracle.Device, Gradients, _step, clip, _norm, _workspace);
        FusedOptimizer.Update(_oracle.Device, Settings, _table, Parameters, Gradients, _state, _step, clip > 0 ? _norm : default, Average);
    }

    /// <summary>The concatenated values of the segments. Asserts that the padding between them is unchanged.</summary>
    public float[] ReadSegments(DeviceView arena, float padding = PaddingValue)
    {
        var words = _oracle.Download(arena);
        var values = Arena.Segments.SelectMany(segment => words.Skip(segment.Offset).Take(segment.Length)).ToArray();
        foreach (var segment in Arena.Segments)
            for (var i = segment.Offset + segment.Length; i % ParameterArena.Alignment != 0; i++) Assert.Equal(padding, words[i]);
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

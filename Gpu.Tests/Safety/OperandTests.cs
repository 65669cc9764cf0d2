using Gpu.Kernels;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Safety;

/// <summary>Every public operation refuses views that its kernels would leave, on every call, before a launch.</summary>
public sealed class OperandTests : IDisposable
{
    private readonly CpuDevice _device = new(threads: 1);
    private readonly CpuDevice _other = new(threads: 1);
    private readonly OperationCases _cases;

    public OperandTests() => _cases = new OperationCases(_device);

    public void Dispose()
    {
        _cases.Dispose();
        _device.Dispose();
        _other.Dispose();
    }

    [Fact]
    public void EveryOperationHasACaseThatRuns()
    {
        var cases = _cases.All().ToArray();
        var missing = OperationCases.Operations.Where(operation => !OperationCases.NeedTensorCores.Contains(operation.Name))
            .Except(cases.Select(operation => operation.Method)).Select(method => $"{method.DeclaringType!.Name}.{method}");
        Assert.Empty(missing);
        foreach (var operation in cases) Assert.Null(operation.Call(operation.Arguments));
    }

    [Fact]
    public void AViewThatIsOneWordTooShortIsRefused()
    {
        var count = 0;
        foreach (var operation in _cases.All())
        {
            foreach (var (path, view, replace) in operation.Views())
            {
                // Multiplied in place, whatever its length.
                if (operation.Method.DeclaringType == typeof(LossScaling) && path == "gradient") continue;
                if (operation.Method.DeclaringType == typeof(GaussianNoise) && path == "output") continue;
                // A shape that needs no workspace.
                if (path == "workspace" && view.Length == 1) continue;
                var error = operation.Call(replace(view.First(view.Length - 1)));
                Assert.True(error is ArgumentException, $"{operation.Name}: {path} with {view.Length - 1} words: {error?.GetType().Name ?? "accepted"}");
                count++;
            }
        }

        Assert.InRange(count, 200, int.MaxValue);
    }

    [Fact]
    public void ViewsOutsideTheirBufferAndOfOtherDevicesAndFreedOnesAreRefused()
    {
        foreach (var operation in _cases.All())
        {
            foreach (var (path, view, replace) in operation.Views())
            {
                using var elsewhere = _other.Allocate(view.Length);
                var freed = _device.Allocate(view.Length);
                freed.Dispose();
                AssertRefused(new DeviceView(view.Buffer, 1, view.Length), "outside its buffer");
                AssertRefused(new DeviceView(view.Buffer, -1, view.Length), "outside its buffer");
                AssertRefused(new DeviceView(null, 0, view.Length), "of no buffer");
                AssertRefused(elsewhere.View, "another one");
                Assert.IsType<ObjectDisposedException>(operation.Call(replace(freed.View)));

                void AssertRefused(DeviceView wrong, string reason)
                {
                    var error = operation.Call(replace(wrong));
                    Assert.True(
                        error is ArgumentException && error.Message.Contains(reason, StringComparison.Ordinal)
                            && error.Message.Contains($"{view.Length} words", StringComparison.Ordinal),
                        $"{operation.Name}: {path}: {error?.Message ?? "accepted"}");
                }
            }
        }
    }

    [Fact]
    public void AWrittenViewThatOverlapsAnotherByOneWordIsRefused()
    {
        foreach (var operation in _cases.All())
        {
            var views = operation.Views().ToArray();
            Assert.All(operation.Written, name => Assert.Contains(views, view => view.Path == name));
            foreach (var written in views.Where(view => operation.Written.Contains(view.Path)))
            {
                foreach (var other in views.Where(view => view.Path != written.Path))
                {
                    var shared = _cases.View(written.View.Length + other.View.Length);
                    var arguments = written.Replace(shared.First(written.View.Length));
                    // The last word of the written view is the first of the other one.
                    var overlapping = operation with { Arguments = arguments };
                    var error = overlapping.Call(
                        overlapping.Views().Single(view => view.Path == other.Path).Replace(shared.Slice(written.View.Length - 1, other.View.Length)));
                    Assert.True(
                        error is ArgumentException && (error.Message.Contains("overlap", StringComparison.Ordinal) || written.View.Length == 1),
                        $"{operation.Name}: {written.Path} over {other.Path}: {error?.Message ?? "accepted"}");
                }
            }
        }
    }

    [Fact]
    public void ABatchLargerThanTheViewsIsRefused()
    {
        foreach (var operation in _cases.All())
        {
            // Weights have no batch.
            if (operation.Method == typeof(PackedConv2d).GetMethod(nameof(PackedConv2d.Pack))) continue;
            var parameters = operation.Method.GetParameters();
            for (var i = 0; i < parameters.Length; i++)
            {
                object? larger = operation.Arguments[i] switch
                {
                    Conv2dShape shape => shape with { Batch = shape.Batch + 1 },
                    Pool2dShape shape => shape with { Batch = shape.Batch + 1 },
                    ShortcutShape shape => shape with { Batch = shape.Batch + 1 },
                    BatchShape shape => shape with { Batch = shape.Batch + 1 },
                    int batch when parameters[i].Name is "batch" or "rows" => batch + 1,
                    _ => null,
                };
                if (larger is null) continue;
                var arguments = (object[])operation.Arguments.Clone();
                arguments[i] = larger;
                Assert.IsType<ArgumentException>(operation.Call(arguments));
            }
        }
    }

    [Fact]
    public void ARecordedListKeepsItsMemoryAndDoesNotRunOnFreedMemory()
    {
        var list = new CommandList(_device);
        var (x, y) = (_device.Allocate(64), _device.Allocate(64));
        ActivationOps.Forward(list, Activation.Relu, x.View, y.View);
        list.Run();
        using var step = new RecordedStep(_device, list);
        y.Dispose();
        Assert.Throws<ObjectDisposedException>(list.Run);
        Assert.Throws<ObjectDisposedException>(step.Run);
        x.Dispose();
    }

    [Fact]
    public void AStepTableThatRanOutRepeatsItsLastEntry()
    {
        using var table = _device.Allocate(StepTableLayout.Length(2));
        using var state = _device.Allocate(StepStateLayout.Words);
        var words = new int[table.Length];
        words[StepTableLayout.Entries + StepStateLayout.Step] = 11;
        words[StepTableLayout.Entries + StepTableLayout.EntryWords + StepStateLayout.Step] = 22;
        _device.Upload<int>(words, table.View);
        foreach (var expected in new[] { 11, 22, 22, 22 })
        {
            StepTable.Advance(_device, table.View, state.View);
            var found = new int[1];
            _device.Download<int>(state.View, found);
            Assert.Equal(expected, found[0]);
        }

        words[StepTableLayout.Next] = -5;
        _device.Upload<int>(words, table.View);
        StepTable.Advance(_device, table.View, state.View);
        var first = new int[1];
        _device.Download<int>(state.View, first);
        Assert.Equal(11, first[0]);
    }
}

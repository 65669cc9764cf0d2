using System.CommandLine;
using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;
using Gpu.Cli.Bench;
using Gpu.Cli.Checks;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Kernels.Devices;
using Gpu.Training.Models;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>check</c>: shows that a device computes right and how fast it is.</summary>
internal static class CheckCommand
{
    /// <summary>Adds options and action.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var device = new DeviceOptions();
        var quick = new Option<bool>("--quick") { Description = "One form, one instance of each kernel, and fewer rates: about 20 s" };
        var only = Options.Text(
            "--only", "TEXT", "Run only the checks of operations whose name contains this text; with --code, write only such kernels", "all");
        var code = Options.Text("--code", "DIR", "Write the device code of every kernel (PTX, OpenCL C) to a folder, and check nothing", "none");
        var skip = Options.Text("--skip-kernel", "NAME", "Leave the launches of a grouped kernel out, to see that the check notices", "none");
        skip.Hidden = true;
        foreach (var option in new Option[] { quick, only, code, skip }) command.Options.Add(option);
        device.AddTo(command);
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(code) is { } folder) return WriteCode(context, folder, parsed.GetValue(only) ?? "", parsed.GetValue(quick));
            using var result = new ResultSoFar(context);
            using var opened = device.Open(parsed, context);
            if (parsed.GetValue(skip) is { } name)
            {
                if (opened is not AcceleratorDevice accelerator) throw new UsageException("--skip-kernel needs a device with grouped kernels.");
                accelerator.SkippedKernel = name;
            }

            return new Session(context, result, opened, parsed.GetValue(quick), parsed.GetValue(only)).Run();
        });
    }

    private static int WriteCode(CommandContext context, string folder, string only, bool quick)
    {
        if (folder.Length == 0) throw new UsageException("--code expects the name of a folder, but got ''.");
        var reporter = context.Reporter;
        var start = Stopwatch.GetTimestamp();
        var (instances, refused) = DeviceCode.Write(folder, only, quick, (done, all) =>
        {
            if (reporter.IsProgressDue) reporter.Progress(new ProgressState("compiling", done, all, "kernels", Left(start, done, all)));
        }, context.Host.Cancellation);
        reporter.EndProgress();
        if (instances == 0) throw new UsageException($"No kernel has a name that contains '{only}'.");
        foreach (var (kernel, reason) in refused) reporter.Warn($"{kernel}: {reason}");
        reporter.Line(
            $"Wrote the code of {Units.Count(instances - refused.Count, "kernel instance")} to {folder} "
            + $"in {Units.Fixed(Stopwatch.GetElapsedTime(start).TotalSeconds, 1)} s.");
        reporter.Result(new JsonRecord().Add("folder", folder).Add("instances", instances).Add("refused", Refused(refused)));
        return refused.Count == 0 ? ExitCode.Success : ExitCode.Failure;
    }

    private static TimeSpan Left(long start, int done, int all) =>
        done == 0 ? TimeSpan.MaxValue : Stopwatch.GetElapsedTime(start) / done * (all - done);

    private static List<JsonRecord> Refused(IEnumerable<(string Kernel, string Reason)> refused) =>
        [.. refused.Select(one => new JsonRecord().Add("kernel", one.Kernel).Add("reason", one.Reason))];

    // One run of the command.
    private sealed class Session(CommandContext context, ResultSoFar result, ComputeDevice device, bool quick, string? only)
    {
        private readonly Reporter _reporter = context.Reporter;
        private readonly List<string> _problems = [];
        private readonly long _start = Stopwatch.GetTimestamp();

        private bool IsSlow => OperationSizes.For(device) == OperationSizes.Tiny;

        public int Run()
        {
            List<IDisposable> owned = [];
            try
            {
                result.Update(record => record.Add("version", Version).Add("device", device.Id).Add("description", device.Description)
                    .Add("system", RuntimeInformation.OSDescription).Add("quick", quick).Add("problems", _problems));
                var original = device is AcceleratorDevice asked ? (asked.UseGroupedKernels, asked.Precision, asked.MinTensorCoreWork) : default;
                if (device is AcceleratorDevice accelerator && only is null) Compile(accelerator);

                var forms = CheckForm.Of(device, quick, owned);
                CheckOperations(forms);
                if (only is null)
                {
                    CheckNetworks(forms);
                    if (device is AcceleratorDevice gpu) (gpu.UseGroupedKernels, gpu.Precision, gpu.MinTensorCoreWork) = original;
                    if (!IsSlow) MeasureRates();
                }

                var replaced = (device as AcceleratorDevice)?.ReplacedKernels ?? [];
                foreach (var one in replaced) AddProblem($"kernel {one.Kernel} was replaced by its plain form: {one.Reason}");
                Summarize();
                result.Update(record => record.Add("seconds", Stopwatch.GetElapsedTime(_start).TotalSeconds));
                result.Complete();
                return _problems.Count == 0 ? ExitCode.Success : ExitCode.Failure;
            }
            finally
            {
                foreach (var one in owned) one.Dispose();
            }
        }

        private static string Version =>
            typeof(CheckCommand).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

        private void AddProblem(string problem) => result.Update(_ => _problems.Add(problem));

        private void Compile(AcceleratorDevice accelerator)
        {
            var start = Stopwatch.GetTimestamp();
            var compiled = KernelCompilationCheck.Run(accelerator, quick, (done, all) =>
            {
                result.Begin($"compiling kernels ({done} of {all})");
                if (_reporter.IsProgressDue) _reporter.Progress(new ProgressState("compiling", done, all, "kernels", Left(start, done, all)));
            }, context.Host.Cancellation);
            _reporter.EndProgress();
            _reporter.Line(
                $"Kernels: {compiled.Kernels} in {compiled.Instances} instances, {compiled.Refused.Count} refused, {Units.Fixed(compiled.Seconds, 1)} s");
            foreach (var (kernel, reason) in compiled.Refused) AddProblem($"{kernel} was refused: {reason}");
            result.Update(record => record.Add("compilation", new JsonRecord().Add("kernels", compiled.Kernels).Add("instances", compiled.Instances)
                .Add("seconds", compiled.Seconds).Add("refused", Refused(compiled.Refused))));
        }

        private void CheckOperations(IReadOnlyList<CheckForm> forms)
        {
            var checks = OperationChecks.All.Where(check => only is null || check.Name.Contains(only, StringComparison.OrdinalIgnoreCase)).ToArray();
            if (checks.Length == 0)
            {
                var names = OperationChecks.All.Select(check => check.Name).Distinct().ToArray();
                throw new UsageException($"No check matches '{only}'.{ParseErrors.DidYouMean(only!, names)} Checks: {string.Join(", ", names)}.");
            }

            var planned = forms.SelectMany(form => checks.Where(check => Applies(check, form)).Select(check => (form, check))).ToArray();
            List<OperationVerdict> verdicts = [];
            List<JsonRecord> records = [];
            result.Update(record => record.Add("operations", records));
            var start = Stopwatch.GetTimestamp();
            try
            {
                foreach (var (index, (form, check)) in planned.Index())
                {
                    result.Begin($"checking {check.Name}, {form.Name} ({index} of {planned.Length})");
                    context.Host.Cancellation.ThrowIfCancellationRequested();
                    if (_reporter.IsProgressDue)
                    {
                        _reporter.Progress(
                            new ProgressState("checking", index, planned.Length, $"{check.Name}, {form.Name}", Left(start, index, planned.Length)));
                    }

                    var verdict = OperationRun.Run(check, form);
                    verdicts.Add(verdict);
                    result.Update(_ => records.Add(Record(verdict)));
                    if (verdict.Verdict == Verdict.Right) continue;
                    var remedy = verdict.Kernel is { } kernel ? $". It is right with plain kernels instead of {kernel} and those of the same operation" : "";
                    AddProblem($"{verdict.Check.Name} ({verdict.Form}): {verdict.Message}{remedy}");
                }
            }
            finally
            {
                _reporter.EndProgress();
                if (verdicts.Count > 0) ShowOperations(forms, verdicts);
            }
        }

        private static JsonRecord Record(OperationVerdict verdict) => new JsonRecord().Add("check", verdict.Check.Name).Add("form", verdict.Form)
            .Add("verdict", verdict.Verdict.ToString().ToLowerInvariant()).Add("seconds", verdict.Seconds).Add("comparisons", verdict.Comparisons)
            .Add("largest_error_of_tolerance", verdict.LargestShare).Add("message", verdict.Message).Add("kernel", verdict.Kernel);

        private bool Applies(OperationCheck check, CheckForm form) => OperationChecks.NeedsTensorCores(check) == form.UsesTensorCores
            && !(quick && IsSlow && check.Name.Contains("far from zero", StringComparison.Ordinal));

        // One row for each operation; details of single checks are in the JSON and, if wrong, in the summary.
        private void ShowOperations(IReadOnlyList<CheckForm> forms, List<OperationVerdict> verdicts)
        {
            var table = new ReportTable(
                [ReportTable.Text("operation"), ReportTable.Number("tensors"), .. forms.Select(form => ReportTable.Text(form.Name)),
                    ReportTable.Number("error/tolerance"), ReportTable.Number("s")]);
            foreach (var group in verdicts.GroupBy(verdict => verdict.Check.Group))
            {
                var cells = forms.Select(form => group.Where(verdict => verdict.Form == form.Name).ToArray() is { Length: > 0 } of
                    ? of.All(verdict => verdict.Verdict == Verdict.Right) ? "right" : of.Any(verdict => verdict.Verdict == Verdict.Error) ? "ERROR" : "WRONG"
                    : "");
                // Whole numbers and bits are compared one by one, without a tolerance.
                var compared = group.Sum(verdict => verdict.Comparisons);
                table.Add([
                    Words(group.Key.Name), compared == 0 ? "exact" : $"{compared}", .. cells,
                    compared == 0 ? "" : Units.Fixed(group.Max(verdict => verdict.LargestShare), 2), Units.Fixed(group.Sum(verdict => verdict.Seconds), 1)]);
            }

            _reporter.Table(table);
        }

        // BatchNormMaxPoolChecks becomes "batch norm max pool".
        private static string Words(string type) => string.Concat(type.Replace("Checks", "", StringComparison.Ordinal).Select((letter, i) =>
            char.IsUpper(letter) ? (i > 0 ? " " : "") + char.ToLowerInvariant(letter) : $"{letter}"));

        private void CheckNetworks(IReadOnlyList<CheckForm> forms)
        {
            var table = new ReportTable(
                ReportTable.Text("ten steps of"), ReportTable.Text("form"), ReportTable.Number("loss error"), ReportTable.Number("tolerance"),
                ReportTable.Text("same bits again"), ReportTable.Text("without graph"), ReportTable.Text("verdict"));
            List<JsonRecord> records = [];
            result.Update(record => record.Add("networks", records));
            result.Begin("training networks on the CPU");
            var networks = NetworkCheck.Networks(IsSlow)
                .Select(one => (one.Model, one.Batch, Expected: NetworkCheck.LossesOnCpu(one.Model, one.Batch))).ToArray();
            foreach (var form in forms)
            {
                foreach (var (model, batch, expected) in networks)
                {
                    result.Begin($"training {model.Name}, {form.Name} ({records.Count} of {networks.Length * forms.Count})");
                    context.Host.Cancellation.ThrowIfCancellationRequested();
                    _reporter.Progress(new ProgressState(
                        "training", records.Count, networks.Length * forms.Count, $"{model.Name}, {form.Name}", TimeSpan.MaxValue));
                    var check = NetworkCheck.Run(model, batch, form, expected);
                    table.Add(
                        model.Name, form.Name, check.Message is null ? Units.Scientific(check.LossError) : "", Units.Scientific(check.Tolerance),
                        YesNo(check.IsReproducible), check.EqualsWithoutGraph is { } equal ? YesNo(equal) : "",
                        check.IsRight ? "right" : check.Message is null ? "WRONG" : "ERROR");
                    result.Update(_ => records.Add(new JsonRecord().Add("model", model.Name).Add("form", form.Name).Add("loss_error", check.LossError)
                        .Add("tolerance", check.Tolerance).Add("reproducible", check.IsReproducible).Add("equal_without_graph", check.EqualsWithoutGraph)
                        .Add("right", check.IsRight).Add("message", check.Message)));
                    if (!check.IsRight) AddProblem($"ten steps of {model.Name} ({form.Name}): {check.Message ?? Explain(check)}");
                }
            }

            _reporter.EndProgress();
            _reporter.Table(table);
        }

        private static string YesNo(bool truth) => truth ? "yes" : "NO";

        private static string Explain(NetworkCheck check) => check.LossError > check.Tolerance
            ? $"a loss differs from the CPU's by {Units.Scientific(check.LossError)}, more than {Units.Scientific(check.Tolerance)}"
            : check.IsReproducible ? "a graph gives other bits than single launches" : "a second run gives other bits";

        private void MeasureRates()
        {
            var cancellation = context.Host.Cancellation;
            result.Begin("measuring peaks");
            _reporter.Progress(new ProgressState("measuring", 0, 1, "peaks", TimeSpan.MaxValue));
            var seconds = quick ? 0.2 : 1;
            var precision = device.Precision;
            device.Precision = MatrixPrecision.Fp32;
            var peaks = Ceilings.Measure(device, seconds, quick ? 64 : Ceilings.DefaultCopyMegabytes);
            var rates = new JsonRecord().Add("fp32_gflops", peaks.Gflops).Add("copy_gbps", peaks.CopyGbps);
            result.Update(record => record.Add("rates", rates));
            List<(string, string)> facts =
                [("fp32 peak", $"{Units.Short(peaks.Gflops)} GFLOP/s in registers"), ("copy", $"{Units.Short(peaks.CopyGbps)} GB/s, reads plus writes")];
            foreach (var tensor in new[] { MatrixPrecision.Tf32, MatrixPrecision.Fp16 })
            {
                if (!device.Supports(tensor)) continue;
                device.Precision = tensor;
                var rate = Ceilings.MeasureTensorCores(device, seconds);
                result.Update(_ => rates.Add($"{tensor.ToString().ToLowerInvariant()}_gflops", rate));
                facts.Add(($"{tensor.ToString().ToLowerInvariant()} peak", $"{Units.Short(rate ?? 0)} GFLOP/s on tensor cores"));
            }

            device.Precision = precision;
            _reporter.EndProgress();
            _reporter.Table(ReportTable.KeyValues(null, [.. facts]));
            var names = quick ? ["mlp64x2", "cnn2", "resnet20"] : BuiltInModels.Names;
            var table = new ReportTable(
                ReportTable.Text("a training step of"), ReportTable.Number("batch"), ReportTable.Number("ms"), ReportTable.Number("samples/s"),
                ReportTable.Number("GFLOP/s"));
            List<JsonRecord> steps = [];
            result.Update(_ => rates.Add("steps", steps));
            foreach (var (index, name) in names.Index())
            {
                result.Begin($"measuring {name} ({index} of {names.Count})");
                _reporter.Progress(new ProgressState("measuring", index, names.Count, name, TimeSpan.MaxValue));
                var rate = StepRate.Measure(device, name, quick ? 0.5 : 2, cancellation);
                if (double.IsNaN(rate.Milliseconds)) table.Add(name, $"{rate.Batch}", "no memory", "", "");
                else
                {
                    table.Add(
                        name, $"{rate.Batch}", Units.Short(rate.Milliseconds), Units.Count((long)(rate.Batch / rate.Milliseconds * 1e3)),
                        Units.Short(rate.Gflops));
                }

                result.Update(_ => steps.Add(new JsonRecord().Add("model", name).Add("batch", rate.Batch).Add("median_ms", rate.Milliseconds)
                    .Add("gflops", rate.Gflops)));
            }

            _reporter.EndProgress();
            _reporter.Table(table);
        }

        // The lines that belong into a bug report.
        private void Summarize()
        {
            _reporter.Line();
            _reporter.Line(_problems.Count == 0
                ? $"{device.Description} computes right ({Units.Fixed(Stopwatch.GetElapsedTime(_start).TotalSeconds, 0)} s)."
                : $"{device.Description} has {Units.Count(_problems.Count, "problem")}. Please report these lines:");
            if (_problems.Count == 0) return;
            _reporter.Line();
            _reporter.Line(
                $"gputrainer {Version}, {RuntimeInformation.OSDescription}, {RuntimeInformation.FrameworkDescription}, {device.Id}: {device.Description}");
            foreach (var problem in _problems) _reporter.Line($"- {problem}");
        }
    }
}

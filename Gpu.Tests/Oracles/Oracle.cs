using Gpu.Cli.Checks;
using Gpu.Kernels.Devices;

namespace Gpu.Tests.Oracles;

/// <summary>A checker of a rented test device. The errors of its comparisons are collected in <see cref="OracleReport"/>.</summary>
internal sealed class Oracle : Checker
{
    private readonly TestDevices.Lease _lease;

    public Oracle(string device, int seed)
        : this(TestDevices.Rent(device), device, seed)
    {
    }

    private Oracle(TestDevices.Lease lease, string device, int seed)
        : base(lease.Device, device, seed) => _lease = lease;

    /// <summary>The checks of a group on the test devices.</summary>
    public static TheoryData<string, string> Cases(Type group, IEnumerable<string>? devices = null)
    {
        var cases = new TheoryData<string, string>();
        foreach (var check in OperationChecks.Of(group))
            foreach (var device in devices ?? TestDevices.Names) cases.Add(check.Name, device);
        return cases;
    }

    /// <summary>Runs a check of a group on a device. Fails, too, if a kernel was replaced: the check would then have seen only its plain form.</summary>
    public static void Run(Type group, string name, string device)
    {
        var check = OperationChecks.Of(group).Single(check => check.Name == name);
        using var oracle = new Oracle(device, check.Seed);
        check.Run(oracle);
        RequireNoReplacedKernel(oracle.Device);
    }

    /// <summary>Fails with the names and the reasons if a device does not use all of its kernels.</summary>
    public static void RequireNoReplacedKernel(ComputeDevice device)
    {
        var replaced = (device as AcceleratorDevice)?.ReplacedKernels ?? [];
        Assert.True(replaced.Count == 0, "replaced by their plain forms: " + string.Join("; ", replaced.Select(one => $"{one.Kernel}, because {one.Reason}")));
    }

    protected override void Record(string operation, double error) => OracleReport.Record(operation, DeviceName, error);

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        _lease.Dispose();
    }
}

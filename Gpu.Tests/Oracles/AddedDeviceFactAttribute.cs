namespace Gpu.Tests.Oracles;

/// <summary>A test that runs on the devices of <c>GPUTRAINER_TEST_DEVICES</c>, and is skipped if there are none.</summary>
internal sealed class AddedDeviceFactAttribute : FactAttribute
{
    public AddedDeviceFactAttribute()
    {
        if (TestDevices.Added.Count == 0) Skip = "needs a device beside the CPU: set GPUTRAINER_TEST_DEVICES, for example to cuda or opencl:0:groups";
    }
}

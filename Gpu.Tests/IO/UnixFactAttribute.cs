namespace Gpu.Tests.IO;

/// <summary>A test that needs named pipes and devices among the files. It is skipped on Windows.</summary>
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows()) Skip = "Windows has no named pipes and devices among its files.";
    }
}

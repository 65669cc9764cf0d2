namespace Gpu.Tests.IO;

/// <summary>A test that needs named pipes and device files. It is skipped on Windows.</summary>
internal sealed class UnixFactAttribute : FactAttribute
{
    public UnixFactAttribute()
    {
        if (OperatingSystem.IsWindows()) Skip = "needs named pipes and device files in the file system, which Windows does not have";
    }
}

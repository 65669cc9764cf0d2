namespace Gpu.Tests.IO;

/// <summary>A test that needs something that Windows does not have, where it is skipped.</summary>
internal sealed class UnixFactAttribute : FactAttribute
{
    /// <param name="needs">what it needs, for the reason of the skip</param>
    public UnixFactAttribute(string needs = "named pipes and device files in the file system")
    {
        if (OperatingSystem.IsWindows()) Skip = $"needs {needs}, which Windows does not have";
    }
}

/// <summary>As <see cref="UnixFactAttribute"/>, for theories.</summary>
internal sealed class UnixTheoryAttribute : TheoryAttribute
{
    public UnixTheoryAttribute() => Skip = new UnixFactAttribute().Skip;
}

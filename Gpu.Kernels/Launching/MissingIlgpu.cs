namespace Gpu.Kernels.Launching;

/// <summary>What to say when the build got no ILGPU.</summary>
internal static class MissingIlgpu
{
    public const string Reason =
        "built without ILGPU (Gpu.HostRuntime stands in); build with its NuGet packages within reach (-p:ReprobePackages=true looks again)"
        + " or with -p:IlgpuDirectory=DIR";
}

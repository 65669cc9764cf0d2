namespace Gpu.Kernels.Launching;

/// <summary>What to say when the build got no ILGPU.</summary>
internal static class MissingIlgpu
{
    public const string Reason =
        "this build has Gpu.HostRuntime in place of ILGPU, which has the CPU alone; build with the NuGet packages ILGPU and ILGPU.Algorithms within reach"
        + " (-p:ReprobePackages=true looks for them again) or with -p:IlgpuDirectory=DIR, the folder of a local ILGPU build";
}

using System.Runtime.CompilerServices;

// ILGPU makes the launchers of kernels in an assembly of its own.
[assembly: InternalsVisibleTo(ILGPU.Context.RuntimeAssemblyName)]

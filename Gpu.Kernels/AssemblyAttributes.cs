using System.Runtime.CompilerServices;

// ILGPU generates the kernel launchers in an assembly of its own, which must see the internal kernel structs.
[assembly: InternalsVisibleTo(ILGPU.Context.RuntimeAssemblyName)]

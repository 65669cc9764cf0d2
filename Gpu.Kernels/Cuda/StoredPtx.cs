using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace Gpu.Kernels.Cuda;

/// <summary>The PTX of a kernel as it is kept in an <see cref="Devices.ICompiledKernelStore"/>.</summary>
/// <param name="SharedBytes">static shared memory of a group in bytes</param>
/// <param name="Text">the PTX</param>
internal readonly record struct StoredPtx(int SharedBytes, string Text)
{
    private const string Magic = "gputrainer-ptx 1 shared ";

    /// <summary>
    /// The key of a kernel: a hash of everything that decides its PTX. These are its name, the builds of ILGPU and of all assemblies of its types, the
    /// architecture, the version of PTX and the launch bounds.
    /// </summary>
    public static string Key(MethodInfo entry, CudaArchitecture architecture, CudaInstructionSet instructions, in KernelSpecialization bounds)
    {
        var types = new List<Type>();
        AddTypes(entry.GetGenericArguments());
        var builds = types.Select(type => type.Module).Append(entry.Module).Append(typeof(Context).Module)
            .Select(module => module.ModuleVersionId).Distinct().Order();
        var text = string.Join('\n', [
            Magic, entry.Name, string.Join(' ', types.Select(type => type.FullName)), architecture.ToString(), instructions.ToString(),
            string.Create(CultureInfo.InvariantCulture, $"{bounds.MaxNumThreadsPerGroup} {bounds.MinNumGroupsPerMultiprocessor}"),
            .. builds.Select(build => build.ToString("N"))]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

        void AddTypes(Type[] arguments)
        {
            foreach (var type in arguments)
            {
                types.Add(type);
                AddTypes(type.GetGenericArguments());
            }
        }
    }

    /// <summary>The bytes for the store.</summary>
    public byte[] ToBytes() => Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{Magic}{SharedBytes}\n{Text}"));

    /// <summary>Reads bytes from the store; null if they are something else.</summary>
    public static StoredPtx? FromBytes(byte[] bytes)
    {
        var text = Encoding.UTF8.GetString(bytes);
        var end = text.IndexOf('\n');
        return end > Magic.Length && text.StartsWith(Magic, StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(Magic.Length, end - Magic.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var shared)
            ? new StoredPtx(shared, text[(end + 1)..])
            : null;
    }
}

using System.Reflection;
using Gpu.Cli.Checks;
using Gpu.Kernels;
using Gpu.Kernels.Backends;
using Gpu.Kernels.Cuda;
using Gpu.Kernels.Devices;
using Gpu.Tests.Oracles;
using ILGPU;
using ILGPU.Backends.EntryPoints;
using ILGPU.Backends.PTX;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.Cuda;

namespace Gpu.Tests.Cuda;

/// <summary>Compiled kernels that are kept from one process to the next.</summary>
public class StoredPtxTests
{
    private static readonly CudaInstructionSet Instructions = CudaInstructionSet.ISA_80;

    [Fact]
    public void RestoredKernelEqualsTheCompiledOne()
    {
        using var context = Context.Create(builder => builder.DefaultCPU().ForKernels());
        using var backend = new PTXBackend(context, CudaArchitecture.SM_80, Instructions, null!);
        foreach (var entry in Entries().Take(20))
        {
            var compiled = (PTXCompiledKernel)backend.Compile(EntryPointDescription.FromExplicitlyGroupedKernel(entry), KernelSpecialization.Empty);
            var stored = StoredPtx.FromBytes(new StoredPtx(CudaKernelLoader.SharedBytes(compiled)!.Value, compiled.PTXAssembly).ToBytes())!.Value;
            var restored = CudaKernelLoader.Restore(context, entry, KernelSpecialization.Empty, stored);
            Assert.Equal(compiled.PTXAssembly, restored.PTXAssembly);
            Assert.Equal(compiled.Name, restored.Name);
            Assert.Equal(compiled.SourceMethod, restored.SourceMethod);
            Assert.Equal(compiled.NumParameters, restored.NumParameters);
            Assert.Equal(compiled.IndexType, restored.IndexType);
            Assert.Equal(CudaKernelLoader.SharedBytes(compiled), CudaKernelLoader.SharedBytes(restored));
        }
    }

    [Fact]
    public void KeyDependsOnAllThatDecidesTheCode()
    {
        var entries = Entries();
        var bounds = new KernelSpecialization(256, 2);
        var keys = entries.Select(entry => Key(entry))
            .Append(Key(entries[0], CudaArchitecture.SM_90))
            .Append(StoredPtx.Key(entries[0], CudaArchitecture.SM_80, CudaInstructionSet.ISA_75, KernelSpecialization.Empty))
            .Append(StoredPtx.Key(entries[0], CudaArchitecture.SM_80, Instructions, bounds))
            .ToArray();
        Assert.All(keys, key => Assert.Matches("^[0-9a-f]{64}$", key));
        Assert.Equal(keys.Length, keys.Distinct().Count());
        Assert.Equal(Key(entries[0]), Key(entries[0]));

        static string Key(MethodInfo entry, CudaArchitecture? architecture = null) =>
            StoredPtx.Key(entry, architecture ?? CudaArchitecture.SM_80, Instructions, KernelSpecialization.Empty);
    }

    [Theory]
    [InlineData("")]
    [InlineData("gputrainer-ptx 1 shared ")]
    [InlineData("gputrainer-ptx 1 shared -4\n.version 8.0")]
    [InlineData("gputrainer-ptx 1 shared 4 .version 8.0")]
    [InlineData("gputrainer-ptx 0 shared 4\n.version 8.0")]
    public void OtherBytesAreNotPtx(string text) => Assert.Null(StoredPtx.FromBytes(System.Text.Encoding.UTF8.GetBytes(text)));

    [CudaFact]
    public void SecondDeviceTakesKernelsFromTheStore()
    {
        var store = new MemoryStore();
        var first = Relu(store);
        Assert.NotEmpty(store.Added);
        var count = store.Added.Count;
        Assert.Equal(first, Relu(store));
        Assert.Equal(count, store.Added.Count);
        Assert.True(store.Found > 0);

        // Text that the driver does not take is compiled again.
        foreach (var key in store.Added.Keys.ToArray()) store.Added[key] = new StoredPtx(0, "frobnicate").ToBytes();
        Assert.Equal(first, Relu(store));
        Assert.DoesNotContain(store.Added.Values, code => StoredPtx.FromBytes(code)!.Value.Text == "frobnicate");
    }

    private static float[] Relu(MemoryStore store)
    {
        using var device = (AcceleratorDevice)DeviceCatalog.Open(TestDevices.Cuda.First());
        device.CompiledKernels = store;
        using var memory = device.Allocate(64);
        device.Upload<float>(Enumerable.Range(-16, 32).Select(i => (float)i).ToArray(), memory.View.Slice(0, 32));
        ActivationOps.Forward(device, Activation.Relu, memory.View.Slice(0, 32), memory.View.Slice(32, 32));
        var result = new float[32];
        device.Download(memory.View.Slice(32, 32), result.AsSpan());
        return result;
    }

    private static MethodInfo[] Entries() => [.. KernelInstances.Kernels
        .SelectMany(kernel => KernelInstances.Representatives(kernel, typeof(GpuVector4Backend), typeof(Float4)).Take(1))
        .OrderBy(KernelName.Full, StringComparer.Ordinal).Where((_, i) => i % 8 == 0)
        .Select(kernel => typeof(KernelEntry).GetMethod(KernelInstances.IsGrouped(kernel) ? nameof(KernelEntry.RunGrouped) : nameof(KernelEntry.Run))!
            .MakeGenericMethod(kernel))];

    private sealed class MemoryStore : ICompiledKernelStore
    {
        public System.Collections.Concurrent.ConcurrentDictionary<string, byte[]> Added { get; } = new();

        public int Found { get; private set; }

        public byte[]? Find(string key)
        {
            var code = Added.GetValueOrDefault(key);
            if (code is not null) Found++;
            return code;
        }

        public void Add(string key, ReadOnlySpan<byte> code) => Added[key] = code.ToArray();
    }
}

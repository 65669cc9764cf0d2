namespace Gpu.Kernels.Devices;

/// <summary>
/// Keeps the code of compiled kernels from one process to the next, for <see cref="AcceleratorDevice.CompiledKernels"/>. This library opens no files; a program
/// that wants its kernels kept gives an implementation. All methods are called from several threads at once.
/// </summary>
public interface ICompiledKernelStore
{
    /// <summary>Returns the code that was added under a key; null if there is none, or if it cannot be read. Must not throw.</summary>
    /// <param name="key">64 hexadecimal digits</param>
    byte[]? Find(string key);

    /// <summary>Keeps the code of a kernel. May do nothing, for example without space. Must not throw.</summary>
    /// <param name="key">64 hexadecimal digits, which depend on everything that decides the code: the kernel, the versions of the libraries, the target</param>
    /// <param name="code">the code, some 10 KB</param>
    void Add(string key, ReadOnlySpan<byte> code);
}

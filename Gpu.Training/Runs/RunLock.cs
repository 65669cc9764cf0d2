using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json;

namespace Gpu.Training.Runs;

/// <summary>
/// The lock of a run folder: the file <c>run.lock</c>, which says who trains in it. The owner keeps the file open, so that the operating system tells on the
/// same machine whether the owner still exists, also across containers. On other machines, the owner's host, boot and process decide.
/// </summary>
internal sealed class RunLock : IDisposable
{
    /// <summary>File name in a run folder.</summary>
    public const string FileName = "run.lock";

    private const int Attempts = 20;

    // What an IOException of FileMode.CreateNew has as HResult: errno EEXIST, or the Windows error FILE_EXISTS.
    private const int FileExistsOnUnix = 17;
    private const int FileExistsOnWindows = unchecked((int)0x80070050);

    // The locks of this process, by their token.
    private static readonly ConcurrentDictionary<string, bool> Held = new();

    private readonly string _path;
    private readonly FileStream _file;
    private readonly Owner _owner;

    private RunLock(string path, FileStream file, Owner owner) => (_path, _file, _owner) = (path, file, owner);

    /// <summary>Locks a folder, which must exist. A lock whose owner is gone is removed.</summary>
    /// <exception cref="RunLockedException">Another process, or another trainer of this process, has the folder. The message names it.</exception>
    /// <exception cref="IOException">The folder is missing or cannot be written.</exception>
    /// <exception cref="UnauthorizedAccessException">The folder cannot be written.</exception>
    public static RunLock Acquire(string folder)
    {
        var path = Path.Combine(folder, FileName);
        for (var attempt = 1; ; attempt++)
        {
            if (TryCreate(path) is { } created) return created;
            var isLast = attempt >= Attempts;
            if (TryRemoveStale(folder, path, isLast)) continue;
            // Another process is about to create or to remove the file.
            Thread.Sleep(10);
        }
    }

    /// <summary>Whether the file in the folder is still the one that this object created.</summary>
    public bool IsHeld() => Read(_path) is { } owner && owner.Token == _owner.Token;

    /// <summary>Releases the lock: deletes the file if it is still this one.</summary>
    public void Dispose()
    {
        try
        {
            if (IsHeld()) File.Delete(_path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }

        _file.Dispose();
        Held.TryRemove(_owner.Token, out _);
    }

    /// <summary>Whether a process that exists has locked the folder. It may end at any time, so the answer is only for display.</summary>
    public static bool IsLocked(string folder) => LivingOwner(Path.Combine(folder, FileName)) is not null;

    /// <summary>Refuses a folder that <see cref="IsLocked"/>, so that work which comes before <see cref="Acquire"/> is not in vain.</summary>
    /// <exception cref="RunLockedException">A process that exists has locked the folder.</exception>
    public static void RequireFree(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (LivingOwner(path) is { } owner) throw Locked(folder, path, owner);
    }

    private static RunLock? TryCreate(string path)
    {
        var owner = Owner.Current();
        FileStream file;
        try
        {
            // Others may read it, and cannot open it exclusively.
            file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.ReadWrite | FileShare.Delete);
        }
        catch (IOException e) when (e.HResult is FileExistsOnUnix or FileExistsOnWindows)
        {
            // Not File.Exists: the file may be gone again.
            return null;
        }

        try
        {
            JsonSerializer.Serialize(file, owner);
            file.Flush();
            Held[owner.Token] = true;
            return new RunLock(path, file, owner);
        }
        catch
        {
            file.Dispose();
            File.Delete(path);
            throw;
        }
    }

    // Returns false if the owner cannot be told, which changes once the owner has written the file.
    private static bool TryRemoveStale(string folder, string path, bool throws)
    {
        var owner = Read(path);
        try
        {
            // Fails while the owner has the file open. Held while it is deleted, so that no one deletes the file of a new owner.
            using var exclusive = new FileStream(path, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
            if (owner is null)
            {
                if (exclusive.Length > 0)
                    throw new RunLockedException($"The file '{path}' is not the lock of a run. Move it away, or choose another folder.");
                // It is about to be written, or its writer was killed before it wrote.
                if (!throws) return false;
            }
            else if (owner.MayBeAlive())
            {
                throw Locked(folder, path, owner);
            }

            File.Delete(path);
            return true;
        }
        catch (FileNotFoundException)
        {
            return true;
        }
        catch (IOException e) when (File.Exists(path) || (!throws && e is not DirectoryNotFoundException))
        {
            // Another process held it to delete it, and has done so.
            if (!File.Exists(path)) return true;
            if (owner is not null || throws) throw Locked(folder, path, owner);
            return false;
        }
    }

    private static RunLockedException Locked(string folder, string path, Owner? owner)
    {
        var who = owner is null ? "another process"
            : owner.Process == Environment.ProcessId && owner.Host == Environment.MachineName && owner.Boot == Owner.CurrentBoot ? "this process"
            : $"process {owner.Process} on {owner.Host}";
        var since = owner is null ? "" : $" since {owner.Time.ToLocalTime().ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)}";
        return new RunLockedException(
            $"The run folder '{folder}' is in use: {who} has trained in it{since}. Wait until it ends, or choose another folder. If that process no longer "
            + $"exists, delete '{path}'.");
    }

    private static Owner? LivingOwner(string path) => File.Exists(path) && Read(path) is { } owner && owner.MayBeAlive() ? owner : null;

    private static Owner? Read(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            // An owner has less than this; another file is not read whole.
            var bytes = new byte[4096];
            var length = file.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            return JsonSerializer.Deserialize<Owner>(bytes.AsSpan(0, length)) is { Host: not null, Boot: not null, Token: not null } owner ? owner : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>The owner of a lock.</summary>
    /// <param name="Process">process id</param>
    /// <param name="Host">name of the machine or container</param>
    /// <param name="Boot">identifies the start of the machine's operating system; empty if unknown</param>
    /// <param name="Started">when the process started: ids of processes repeat</param>
    /// <param name="Time">when the folder was locked</param>
    /// <param name="Token">a random text that identifies the lock</param>
    private sealed record Owner(int Process, string Host, string Boot, DateTime Started, DateTime Time, string Token)
    {
        private const string BootFile = "/proc/sys/kernel/random/boot_id";

        public static string CurrentBoot { get; } = ReadBoot();

        public static Owner Current()
        {
            using var process = System.Diagnostics.Process.GetCurrentProcess();
            return new Owner(
                process.Id, Environment.MachineName, CurrentBoot, process.StartTime.ToUniversalTime(), DateTime.UtcNow, Guid.NewGuid().ToString("N"));
        }

        // Asked only where the file is not open on this machine, or the file system does not tell.
        public bool MayBeAlive()
        {
            if (Host != Environment.MachineName) return Boot.Length == 0 || Boot != CurrentBoot;
            if (Boot != CurrentBoot) return false;
            if (Process == Environment.ProcessId) return Held.ContainsKey(Token);
            try
            {
                using var process = System.Diagnostics.Process.GetProcessById(Process);
                return (process.StartTime.ToUniversalTime() - Started).Duration() < TimeSpan.FromSeconds(2);
            }
            catch (Exception e) when (e is ArgumentException or InvalidOperationException)
            {
                return false;
            }
            catch (System.ComponentModel.Win32Exception)
            {
                // A process of another user.
                return true;
            }
        }

        private static string ReadBoot()
        {
            try
            {
                if (File.Exists(BootFile)) return File.ReadAllText(BootFile).Trim();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }

            // The start of the system, to ten minutes: the clock may be adjusted.
            return $"{(DateTime.UtcNow - TimeSpan.FromMilliseconds(Environment.TickCount64)).Ticks / TimeSpan.FromMinutes(10).Ticks}";
        }
    }
}

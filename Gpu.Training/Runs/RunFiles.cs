using Gpu.Training.IO;
using Gpu.Training.Loop;

namespace Gpu.Training.Runs;

/// <summary>A file of a run that is to be written.</summary>
/// <param name="Name">Its name in the folder.</param>
/// <param name="Write">Writes its content.</param>
internal readonly record struct RunFile(string Name, Action<Stream> Write)
{
    /// <summary>A text file, UTF-8 without byte-order mark.</summary>
    public static RunFile Text(string name, string text) => new(name, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(text)));
}

/// <summary>
/// Replaces files in a run folder that this process has locked. All new contents and their checksums are on the disk before the first file gets its name; so a
/// full disk changes nothing, and a run that is killed at any moment has files that fit their checksums.
/// </summary>
internal sealed class RunFiles : IDisposable
{
    /// <summary>The names of all files that a run writes, besides the checksums.</summary>
    public static readonly string[] Names =
    [
        RunFolder.SplitFile, RunFolder.RowsFile, RunFolder.ModelFile, RunFolder.ConfigurationFile, RunFolder.BestFile, RunFolder.LastFile,
        RunFolder.MetricsFile, RunFolder.CheckpointFile, RunFolder.PreviousCheckpointFile,
    ];

    /// <summary>The names of files without checksum: one grows line by line, and the other is made from the rest.</summary>
    public static readonly string[] Unlisted = [RunFolder.MetricsLogFile, RunFolder.ReportFile];

    private readonly string _folder;
    private readonly RunLock _lock;
    private readonly Checksums _sums;
    private bool _hasOldSums;

    private RunFiles(string folder, RunLock runLock, Checksums sums)
    {
        _folder = folder;
        _lock = runLock;
        _sums = sums;
    }

    /// <summary>Whether the next checkpoint replaces the newest one instead of moving it to the previous one, because the newest is damaged.</summary>
    public bool DropsNewestCheckpoint { get; set; }

    /// <summary>Locks a folder, which is created if missing, and removes temporary files of processes that were killed.</summary>
    /// <exception cref="TrainingException">The folder is in use, or cannot be written.</exception>
    public static RunFiles Open(string folder)
    {
        var (created, runLock) = (!Directory.Exists(folder), (RunLock?)null);
        try
        {
            Directory.CreateDirectory(folder);
            runLock = RunLock.Acquire(folder);
            foreach (var name in Names.Concat(Unlisted).Append(Checksums.FileName)) AtomicFile.RemoveLeftovers(folder, name, TimeSpan.Zero);
            return new RunFiles(folder, runLock, Checksums.Read(folder) ?? new Checksums());
        }
        catch (Exception e)
        {
            runLock?.Dispose();
            if (created) RemoveIfEmpty(folder);
            if (e is IOException or UnauthorizedAccessException)
                throw new TrainingException($"The run folder '{folder}' cannot be written: {e.Message} Choose another folder with --out.", e);
            throw;
        }
    }

    /// <summary>Lists the files of a run of a version without checksums, or whose checksums were deleted.</summary>
    public void ListExisting()
    {
        if (File.Exists(Path.Combine(_folder, Checksums.FileName))) return;
        foreach (var name in Names.Where(name => File.Exists(Path.Combine(_folder, name))))
            _sums[name] = [Checksums.Of(Path.Combine(_folder, name))];
    }

    /// <summary>Whether a run has written the file.</summary>
    public bool Lists(string name) => _sums.Lists(name);

    /// <summary>Replaces files. On a failure, every file has its old or its new content.</summary>
    /// <param name="files">The files.</param>
    /// <param name="logLine">A line that is appended to <see cref="RunFolder.MetricsLogFile"/> before; null for none.</param>
    /// <exception cref="TrainingException">The folder is gone or another one, or the file system refused.</exception>
    public void Replace(IReadOnlyList<RunFile> files, string? logLine = null)
    {
        RequireFolder();
        List<PendingFile> pending = [];
        try
        {
            foreach (var file in files) pending.Add(PendingFile.Create(Path.Combine(_folder, file.Name), file.Write));
            ulong[] sums = [.. pending.Select(file => Checksums.Of(file.TemporaryPath))];
            var rotated = DropsNewestCheckpoint ? [] : _sums[RunFolder.CheckpointFile];
            for (var i = 0; i < sums.Length; i++) AddSum(files[i].Name, sums[i]);
            _sums.Write(_folder);
            // Before the checkpoint, so that no epoch that it contains is missing.
            if (logLine is not null) Append(logLine);
            for (var i = 0; i < sums.Length; i++)
            {
                var (name, file) = (files[i].Name, pending[i]);
                if (name == RunFolder.CheckpointFile && File.Exists(file.Path) && !DropsNewestCheckpoint)
                {
                    File.Move(file.Path, Path.Combine(_folder, RunFolder.PreviousCheckpointFile), overwrite: true);
                    _sums[RunFolder.PreviousCheckpointFile] = rotated;
                }

                file.Commit();
                if (name == RunFolder.CheckpointFile) DropsNewestCheckpoint = false;
                _sums[name] = [sums[i]];
            }

            _hasOldSums = true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotSaved(e);
        }
        finally
        {
            foreach (var file in pending) file.Dispose();
        }
    }

    /// <summary>Replaces a file without checksum.</summary>
    /// <exception cref="TrainingException">The folder is gone or another one, or the file system refused.</exception>
    public void Overwrite(string name, string text)
    {
        RequireFolder();
        try
        {
            AtomicFile.WriteAllText(Path.Combine(_folder, name), text);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotSaved(e);
        }
    }

    /// <summary>Writes a picture into <see cref="RunFolder.PicturesFolder"/>, without checksum.</summary>
    /// <exception cref="TrainingException">The folder is gone or another one, or the file system refused.</exception>
    public void WritePicture(string name, byte[] png)
    {
        RequireFolder();
        try
        {
            var pictures = Directory.CreateDirectory(Path.Combine(_folder, RunFolder.PicturesFolder));
            AtomicFile.WriteAllBytes(Path.Combine(pictures.FullName, name), png);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw NotSaved(e);
        }
    }

    /// <summary>Deletes the files of this run, and the folder if nothing else is in it.</summary>
    public void Delete()
    {
        foreach (var name in Names.Where(_sums.Lists).Concat(Unlisted).Append(Checksums.FileName))
        {
            try
            {
                File.Delete(Path.Combine(_folder, name));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }
        }

        _hasOldSums = false;
        _lock.Dispose();
        RemoveIfEmpty(_folder);
    }

    /// <summary>Writes the checksums without those of replaced contents, and releases the folder.</summary>
    public void Dispose()
    {
        try
        {
            if (_hasOldSums && _lock.IsHeld()) _sums.Write(_folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The sums on the disk are valid, too.
        }

        _lock.Dispose();
    }

    // One write: a process that is killed leaves the line or nothing. Without the flush to the disk, which takes as long as a small epoch; a power failure may
    // lose lines, which no result depends on.
    private void Append(string line)
    {
        using var file = new FileStream(Path.Combine(_folder, RunFolder.MetricsLogFile), FileMode.Append, FileAccess.Write, FileShare.Read, bufferSize: 0);
        file.Write(System.Text.Encoding.UTF8.GetBytes(line + "\n"));
    }

    private TrainingException NotSaved(Exception e)
    {
        var isGone = !Directory.Exists(_folder);
        return new TrainingException(
            $"The run in '{_folder}' cannot be saved: {(isGone ? "the folder was removed or renamed" : e.Message.TrimEnd('.'))}. What was saved before is "
            + $"intact. {(isGone ? "Restore the folder" : "Free space, or make the folder writable")}, then continue with --resume.", e);
    }

    private void AddSum(string name, ulong hash)
    {
        if (name == RunFolder.CheckpointFile && !DropsNewestCheckpoint && _sums[name].Length > 0)
            _sums[RunFolder.PreviousCheckpointFile] = [.. _sums[RunFolder.PreviousCheckpointFile], .. _sums[name]];
        _sums[name] = [.. _sums[name], hash];
    }

    private void RequireFolder()
    {
        if (!Directory.Exists(_folder))
            throw new TrainingException($"The run folder '{_folder}' is gone: it was removed or renamed while the run trained. Nothing was saved there. "
                + "Continue the renamed folder with --resume.");
        if (!_lock.IsHeld())
            throw new TrainingException($"The run folder '{_folder}' is no longer that of this run: its {RunLock.FileName} was removed or replaced. Nothing "
                + "was saved there. Do not change the folder of a run that trains; continue the run with --resume.");
    }

    private static void RemoveIfEmpty(string folder)
    {
        try
        {
            if (!Directory.EnumerateFileSystemEntries(folder).Any()) Directory.Delete(folder);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
        }
    }
}

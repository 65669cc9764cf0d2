using System.Formats.Tar;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using Gpu.Training.IO;

namespace Gpu.Training.Data;

/// <summary>Progress of a download.</summary>
/// <param name="File">File name.</param>
/// <param name="Bytes">Bytes of the file so far, with those of an earlier attempt.</param>
/// <param name="Total">Length of the file; null if unknown.</param>
public readonly record struct DownloadProgress(string File, long Bytes, long? Total);

/// <summary>
/// Downloads data sets of the catalog. Files arrive in a hidden folder beside the final one, which appears when all of them are complete and checked.
/// What was received stays there when a download is cut off or cancelled, and the next attempt continues it. Mirrors are tried in order.
/// </summary>
/// <param name="client">The HTTP client. It must not decompress contents.</param>
public sealed class DatasetDownloader(HttpClient client)
{
    private const int AttemptsPerMirror = 4;
    private const string TarEnding = ".tar.gz";

    /// <summary>Longest wait for the next bytes.</summary>
    public TimeSpan StallTimeout { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Most bytes that an archive may unpack to.</summary>
    public long MaxUnpackedBytes { get; init; } = 8L << 30;

    /// <summary>Receives progress, about for every megabyte.</summary>
    public Action<DownloadProgress>? Progress { get; init; }

    /// <summary>Receives remarks, such as a mirror that failed.</summary>
    public Action<string>? Remark { get; init; }

    /// <summary>Downloads a data set into a folder of its name. The files of a folder that exists are checked.</summary>
    /// <param name="entry">The data set.</param>
    /// <param name="root">Parent folder, such as <see cref="DataFolders.UserCache"/>.</param>
    /// <param name="cancellation">Cancels; what was received is kept.</param>
    /// <returns>The folder of the data set.</returns>
    /// <exception cref="DatasetException">
    /// No mirror gave the right content, and the message has the reason of each; or a file of a folder that exists is missing or has other content.
    /// </exception>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signaled.</exception>
    public async Task<string> GetAsync(DatasetCatalogEntry entry, string root, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        ArgumentException.ThrowIfNullOrWhiteSpace(root);
        if (entry.IsBundled)
            throw new DatasetException($"The data set '{entry.Name}' has no files to download: it is bundled with the program.");
        var target = Path.Combine(root, entry.Name);
        if (Directory.Exists(target))
        {
            await CheckFolderAsync(entry, target, cancellation);
            return target;
        }

        var staging = Path.Combine(root, $".{entry.Name}.download");
        try
        {
            Directory.CreateDirectory(staging);
            foreach (var file in entry.Files)
                await GetFileAsync(entry, file, staging, cancellation);
            foreach (var file in entry.Files.Where(file => file.Name.EndsWith(TarEnding, StringComparison.Ordinal)))
                await UnpackAsync(Path.Combine(staging, file.Name), staging, cancellation);
            Directory.Move(staging, target);
            return target;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException($"The data set '{entry.Name}' cannot be written to '{staging}': {e.Message}", e);
        }
    }

    private async Task GetFileAsync(DatasetCatalogEntry entry, DatasetDownload file, string folder, CancellationToken cancellation)
    {
        var path = Path.Combine(folder, file.Name);
        if (File.Exists(path))
        {
            // Complete in an earlier attempt, but perhaps damaged since.
            if (await FindMistakeAsync(file, path, cancellation) is not { } mistake)
                return;
            Remark?.Invoke($"{file.Name} is downloaded again: {mistake}");
            File.Delete(path);
        }

        List<string> reasons = [];
        foreach (var url in file.Urls)
        {
            for (var attempt = 1; attempt <= AttemptsPerMirror; attempt++)
            {
                var partial = new PartialFile(path);
                var before = partial.Length;
                try
                {
                    await ReceiveAsync(url, file, partial, cancellation);
                    await CheckAsync(file, partial, cancellation);
                    partial.Complete(path);
                    if (file.Sha256 is null) Remark?.Invoke($"{file.Name}: unchecked, the catalog has no checksum of it.");
                    return;
                }
                catch (WrongContentException e)
                {
                    partial.Delete();
                    reasons.Add($"{url}: {e.Message.TrimEnd('.')}.");
                    Remark?.Invoke(reasons[^1]);
                    break;
                }
                catch (Exception e) when (e is HttpRequestException or HttpIOException or IOException or TimeoutException)
                {
                    // Go on as long as bytes arrive.
                    if (partial.Length > before) attempt = 1;
                    if (attempt < AttemptsPerMirror && e is not HttpRequestException { StatusCode: HttpStatusCode.NotFound or HttpStatusCode.Forbidden })
                        continue;
                    reasons.Add($"{url}: {e.Message.TrimEnd('.')}.");
                    Remark?.Invoke(reasons[^1]);
                    break;
                }
            }
        }

        throw new DatasetException(
            $"The file '{file.Name}' of the data set '{entry.Name}' could not be downloaded. {string.Join(" ", reasons)} Check the connection and try again; "
            + $"what was received is kept in '{folder}'.");
    }

    private async Task ReceiveAsync(string url, DatasetDownload file, PartialFile partial, CancellationToken cancellation)
    {
        var have = partial.Length;
        if (have > 0 && have == file.Bytes)
            return;
        if (have > file.Bytes || (have > 0 && file.Sha256 is null && partial.Tag(url) is null))
        {
            // Too long, or nothing would tell whether the rest belongs to it.
            partial.Delete();
            have = 0;
        }

        using var stall = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stall.CancelAfter(StallTimeout);
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, url);
            if (have > 0)
            {
                request.Headers.Range = new RangeHeaderValue(have, null);
                if (partial.Tag(url) is { } tag) request.Headers.IfRange = new RangeConditionHeaderValue(EntityTagHeaderValue.Parse(tag));
            }

            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stall.Token);
            if (response.StatusCode == HttpStatusCode.RequestedRangeNotSatisfiable)
                throw new WrongContentException("the server's file is shorter than what was received before.");
            response.EnsureSuccessStatusCode();
            var isRest = response.StatusCode == HttpStatusCode.PartialContent;
            var range = response.Content.Headers.ContentRange;
            if (isRest && (have == 0 || range?.From != have))
                throw new WrongContentException($"the server sent bytes from {range?.From}, but those from {have} were asked for.");
            if (!isRest && have > 0)
            {
                // The server ignores ranges, or its file changed.
                partial.Delete();
                have = 0;
            }

            var total = isRest ? range?.Length ?? (have + response.Content.Headers.ContentLength) : response.Content.Headers.ContentLength;
            if (total is not null && file.Bytes is not null && total != file.Bytes)
                throw new WrongContentException($"the server's file has {total} bytes, but {file.Bytes} are expected.");
            var tagNow = response.Headers.ETag is { IsWeak: false } strong ? strong.ToString() : null;
            partial.SetTag(url, tagNow);
            await CopyAsync(response, file, partial, have, file.Bytes ?? total, stall, cancellation);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new TimeoutException($"no bytes arrived for {StallTimeout.TotalSeconds:F0} seconds.");
        }
    }

    private async Task CopyAsync(
        HttpResponseMessage response, DatasetDownload file, PartialFile partial, long have, long? total, CancellationTokenSource stall,
        CancellationToken cancellation)
    {
        await using var source = await response.Content.ReadAsStreamAsync(stall.Token);
        await using var target = partial.Append();
        var buffer = new byte[1 << 16];
        var reported = have;
        Progress?.Invoke(new DownloadProgress(file.Name, have, total));
        while (true)
        {
            cancellation.ThrowIfCancellationRequested();
            stall.CancelAfter(StallTimeout);
            var read = await source.ReadAsync(buffer, stall.Token);
            if (read == 0)
                break;
            have += read;
            if (have > total)
                throw new WrongContentException($"the server sent more than {total} bytes.");
            await target.WriteAsync(buffer.AsMemory(0, read), cancellation);
            if (have - reported < 1 << 20)
                continue;
            reported = have;
            Progress?.Invoke(new DownloadProgress(file.Name, have, total));
        }

        await target.FlushAsync(cancellation);
        target.Flush(flushToDisk: true);
        Progress?.Invoke(new DownloadProgress(file.Name, have, total));
        if (have < total)
            throw new HttpIOException(HttpRequestError.ResponseEnded, $"the connection ended after {have} of {total} bytes.");
    }

    private static async Task CheckAsync(DatasetDownload file, PartialFile partial, CancellationToken cancellation)
    {
        if (await FindMistakeAsync(file, partial.Path, cancellation) is { } mistake)
            throw new WrongContentException(mistake);
    }

    // What is wrong with a file; null if it is that of the catalog.
    private static async Task<string?> FindMistakeAsync(DatasetDownload file, string path, CancellationToken cancellation)
    {
        var length = File.Exists(path) ? new FileInfo(path).Length : 0;
        if (length != (file.Bytes ?? length))
            return $"the file has {length} bytes, but {file.Bytes} are expected.";
        if (file.Sha256 is null)
            return null;
        await using var content = File.OpenRead(path);
        var hash = Convert.ToHexString(await SHA256.HashDataAsync(content, cancellation));
        return hash.Equals(file.Sha256, StringComparison.OrdinalIgnoreCase) ? null
            : $"the content has the SHA-256 {hash.ToLowerInvariant()}, but {file.Sha256} is expected.";
    }

    // Archives are gone once they are unpacked, so only other files can be checked.
    private static async Task CheckFolderAsync(DatasetCatalogEntry entry, string folder, CancellationToken cancellation)
    {
        List<string> mistakes = [];
        foreach (var file in entry.Files.Where(file => !file.Name.EndsWith(TarEnding, StringComparison.Ordinal)))
        {
            var path = Path.Combine(folder, file.Name);
            if (!File.Exists(path))
                mistakes.Add($"{file.Name} is missing.");
            else if (await FindMistakeAsync(file, path, cancellation) is { } mistake)
                mistakes.Add($"{file.Name}: {mistake}");
        }

        if (mistakes.Count > 0)
        {
            throw new DatasetException(
                $"The folder '{folder}' exists, but does not have the files of the data set '{entry.Name}': {string.Join(" ", mistakes)} Remove the folder to "
                + "download them again.");
        }
    }

    private async Task UnpackAsync(string archive, string folder, CancellationToken cancellation)
    {
        var inside = Path.GetFullPath(folder) + Path.DirectorySeparatorChar;
        var left = MaxUnpackedBytes;
        try
        {
            await using var tar = new TarReader(new CheckedGzipStream(File.OpenRead(archive)));
            while (await tar.GetNextEntryAsync(copyData: false, cancellation) is { } entry)
            {
                if (entry.EntryType is TarEntryType.GlobalExtendedAttributes)
                    continue;
                var path = Path.GetFullPath(Path.Combine(folder, entry.Name));
                if (Path.IsPathRooted(entry.Name) || !(path + Path.DirectorySeparatorChar).StartsWith(inside, StringComparison.Ordinal))
                    throw new WrongContentException($"the archive has an entry '{entry.Name}' outside of its folder.");
                if (entry.EntryType is TarEntryType.Directory)
                {
                    Directory.CreateDirectory(path);
                    continue;
                }

                if (entry.EntryType is not (TarEntryType.RegularFile or TarEntryType.V7RegularFile))
                    throw new WrongContentException($"the archive has an entry '{entry.Name}' that is neither a file nor a folder ({entry.EntryType}).");
                left -= entry.Length;
                if (left < 0)
                    throw new WrongContentException($"the archive unpacks to more than {MaxUnpackedBytes} bytes.");
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                await using var target = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None);
                if (entry.DataStream is { } data) await data.CopyToAsync(target, cancellation);
            }
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or WrongContentException)
        {
            Directory.Delete(folder, recursive: true);
            throw new DatasetException($"The archive '{Path.GetFileName(archive)}' cannot be unpacked and was deleted: {e.Message}", e);
        }

        File.Delete(archive);
    }

    private sealed class WrongContentException(string message) : Exception(message);

    // What was received of a file, and the server's entity tag of it.
    private sealed class PartialFile(string target)
    {
        private readonly string _tag = target + ".part.etag";

        public string Path { get; } = target + ".part";

        public long Length => File.Exists(Path) ? new FileInfo(Path).Length : 0;

        public FileStream Append() => new(Path, FileMode.Append, FileAccess.Write, FileShare.Read);

        public string? Tag(string url) => File.Exists(_tag) && File.ReadAllLines(_tag) is [var known, var tag] && known == url ? tag : null;

        public void SetTag(string url, string? tag)
        {
            if (tag is null) File.Delete(_tag);
            else File.WriteAllLines(_tag, [url, tag]);
        }

        public void Delete()
        {
            File.Delete(Path);
            File.Delete(_tag);
        }

        public void Complete(string path)
        {
            File.Move(Path, path);
            File.Delete(_tag);
        }
    }
}

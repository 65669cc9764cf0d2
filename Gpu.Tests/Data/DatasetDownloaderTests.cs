using System.Formats.Tar;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using Gpu.Tests.Cli;
using Gpu.Tests.IO;
using Gpu.Training.Data;

namespace Gpu.Tests.Data;

/// <summary>Downloads from a server on this machine that behaves badly.</summary>
public class DatasetDownloaderTests
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 31 >> 3))];

    [Fact]
    public async Task AFileIsDownloadedAndChecked()
    {
        using var folder = new TempFolder();
        using var server = new Server((_, _) => new Answer(Content));
        var remarks = new List<string>();
        var target = await Get(folder, Entry(server), remarks);
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(target, "a.bin")));
        Assert.Empty(remarks);
        Assert.Equal([target], Directory.GetFileSystemEntries(folder.Path));
        // A second call downloads nothing.
        await Get(folder, Entry(server));
        Assert.Equal(1, server.Requests);
    }

    [Fact]
    public async Task ADownloadThatBreaksOffIsContinued()
    {
        using var folder = new TempFolder();
        var ranges = new List<long>();
        using var server = new Server((_, from) =>
        {
            lock (ranges) ranges.Add(from);
            return new Answer(Content) { BreakAfter = 100_000, ETag = "\"v1\"" };
        });
        var target = await Get(folder, Entry(server));
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(target, "a.bin")));
        Assert.Equal(0, ranges[0]);
        Assert.True(ranges.Count >= 3 && ranges.Skip(1).All(from => from > 0), string.Join(", ", ranges));
    }

    [Fact]
    public async Task AChangedFileOrAServerWithoutRangesStartsAgain()
    {
        using var folder = new TempFolder();
        using var server = new Server((request, _) => request switch
        {
            1 => new Answer([.. Content.Select(x => (byte)(x + 1))]) { BreakAfter = 100_000, ETag = "\"old\"" },
            2 => new Answer(Content) { BreakAfter = 50_000, IgnoresRanges = true },
            _ => new Answer(Content) { ETag = "\"new\"" },
        });
        var target = await Get(folder, Entry(server));
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(target, "a.bin")));
    }

    [Fact]
    public async Task WrongBytesAndWrongLengthsFallToTheNextMirror()
    {
        using var folder = new TempFolder();
        using var wrong = new Server((_, _) => new Answer([.. Content.Select(x => (byte)~x)]));
        using var shortOne = new Server((_, _) => new Answer(Content[..1000]));
        using var missing = new Server((_, _) => new Answer([]) { Status = 404 });
        using var good = new Server((_, _) => new Answer(Content));
        var remarks = new List<string>();
        var target = await Get(folder, Entry(wrong, shortOne, missing, good), remarks);
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(target, "a.bin")));
        Assert.Contains("SHA-256", remarks[0]);
        Assert.Contains("has 1000 bytes, but 300000 are expected", remarks[1]);
        Assert.Contains("404", remarks[2]);

        var failed = await Assert.ThrowsAsync<DatasetException>(() => Get(folder, Entry(wrong, missing) with { Name = "other" }));
        Assert.Contains("'a.bin' of the data set 'other' could not be downloaded", failed.Message);
        Assert.Contains("SHA-256", failed.Message);
        Assert.False(Directory.Exists(folder.File("other")));
    }

    [Fact]
    public async Task ALengthWithoutChecksumIsChecked()
    {
        using var folder = new TempFolder();
        using var server = new Server((_, _) => new Answer(Content) { Chunked = true });
        var entry = Entry(server);
        var unknown = entry with { Files = [entry.Files[0] with { Sha256 = null, Bytes = null }] };
        var remarks = new List<string>();
        await Get(folder, unknown, remarks);
        Assert.Contains("unchecked", Assert.Single(remarks));
        var tooShort = entry with { Name = "short", Files = [entry.Files[0] with { Sha256 = null, Bytes = 299_999 }] };
        Assert.Contains("more than 299999 bytes", (await Assert.ThrowsAsync<DatasetException>(() => Get(folder, tooShort))).Message);
    }

    [Fact]
    public async Task CancellationKeepsWhatWasReceived()
    {
        using var folder = new TempFolder();
        using var cancel = new CancellationTokenSource();
        using var server = new Server((request, _) => new Answer(Content) { StallAfter = request == 1 ? 150_000 : null, ETag = "\"v\"" });
        using var client = new HttpClient();
        var part = folder.File(".set.download", "a.bin.part");
        var task = new DatasetDownloader(client).GetAsync(Entry(server), folder.Path, cancel.Token);
        while (!File.Exists(part) || new FileInfo(part).Length < 100_000) await Task.Delay(10);
        cancel.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => task);
        Assert.True(new FileInfo(part).Length >= 100_000);
        var target = await Get(folder, Entry(server));
        Assert.Equal(Content, File.ReadAllBytes(Path.Combine(target, "a.bin")));
        Assert.True(server.LastFrom >= 100_000);
    }

    [Fact]
    public async Task AStalledServerIsAnError()
    {
        using var folder = new TempFolder();
        using var server = new Server((_, _) => new Answer(Content) { StallAfter = 0 });
        using var client = new HttpClient();
        var downloader = new DatasetDownloader(client) { StallTimeout = TimeSpan.FromMilliseconds(100) };
        Assert.Contains("no bytes arrived", (await Assert.ThrowsAsync<DatasetException>(() => downloader.GetAsync(Entry(server), folder.Path))).Message);
    }

    [Fact]
    public async Task ArchivesAreUnpacked()
    {
        using var folder = new TempFolder();
        var archive = Tar(("in/a.txt", "one"), ("in/deep/b.txt", "two"));
        using var server = new Server((_, _) => new Answer(archive));
        var target = await Get(folder, Archive(server, archive));
        Assert.Equal("two", File.ReadAllText(Path.Combine(target, "in", "deep", "b.txt")));
        Assert.Single(Directory.GetFileSystemEntries(target));
    }

    [Theory]
    [InlineData("../evil.txt", "outside of its folder")]
    [InlineData("/evil.txt", "outside of its folder")]
    [InlineData("a/../../evil.txt", "outside of its folder")]
    [InlineData("link", "neither a file nor a folder")]
    [InlineData("large", "more than 1000 bytes")]
    public async Task HostileArchivesAreRefused(string name, string message)
    {
        using var folder = new TempFolder();
        var archive = Tar((name, name == "large" ? new string('x', 2000) : name == "link" ? null : "evil"));
        using var server = new Server((_, _) => new Answer(archive));
        using var client = new HttpClient();
        var root = folder.File("root");
        var downloader = new DatasetDownloader(client) { MaxUnpackedBytes = 1000 };
        var error = await Assert.ThrowsAsync<DatasetException>(() => downloader.GetAsync(Archive(server, archive), root));
        Assert.Contains(message, error.Message);
        Assert.Equal([root], Directory.GetFileSystemEntries(folder.Path));
        Assert.Empty(Directory.GetFileSystemEntries(root));
    }

    [Fact]
    public void TheCommandDownloadsFromACatalog()
    {
        using var folder = new TempFolder();
        using var server = new Server((_, _) => new Answer(Content));
        var catalog = folder.File("catalog.json");
        File.WriteAllText(catalog, $$"""
            { "datasets": [ { "name": "set", "description": "a set", "classes": [], "licence": "free", "citation": "A. Nobody, 2020",
              "files": [ { "name": "a.bin", "urls": ["{{server.Url}}a.bin"], "bytes": 300000, "sha256": null } ] } ] }
            """);
        var run = CommandLine.Run("data", "get", "set", "--catalog", catalog, "--to", folder.File("to"));
        Assert.Equal(0, run.ExitCode);
        Assert.Contains("Licence: free", run.Output);
        Assert.Contains("unchecked", run.Error);
        Assert.Equal(Content, File.ReadAllBytes(folder.File("to", "set", "a.bin")));
        Assert.Contains("Did you mean 'mnist'", CommandLine.Run("data", "get", "mnits").Error);
        File.WriteAllText(catalog, File.ReadAllText(catalog).Replace("\"a.bin\"", "\"../a.bin\""));
        Assert.Contains("no plain file name", CommandLine.Run("data", "get", "set", "--catalog", catalog).Error);
    }

    [Fact]
    public void TheCommandOfADownloadTrainsAndAFolderThatExistsIsChecked()
    {
        using var folder = new TempFolder();
        var pixels = Enumerable.Range(0, 20 * 64).Select(i => (byte)(i * 37)).ToArray();
        var part = new ImageSplit(pixels, [.. Enumerable.Range(0, 20).Select(i => i % 2)], 8, 8, 1);
        var files = IdxFolderWriter.Write(new ImageDataset("two", ["a", "b"], part, part), folder.File("made"));
        var contents = files.ToDictionary(file => Path.GetFileName(file)!, File.ReadAllBytes);
        var next = 0;
        using var server = new Server((_, _) => new Answer(contents[Path.GetFileName(files[next++])]));
        var entries = contents.Select(file => $$"""
            { "name": "{{file.Key}}", "urls": ["{{server.Url}}{{file.Key}}"], "bytes": {{file.Value.Length}},
              "sha256": "{{Convert.ToHexString(SHA256.HashData(file.Value))}}" }
            """);
        var catalog = folder.File("catalog.json");
        File.WriteAllText(
            catalog, $$"""{ "datasets": [ { "name": "two", "description": "d", "classes": [], "files": [ {{string.Join(", ", entries)}} ] } ] }""");
        string[] get = ["data", "get", "two", "--catalog", catalog, "--to", folder.File("to where")];
        var run = CommandLine.Run(get);
        Assert.True(run.ExitCode == 0, run.Error);
        var command = run.Output.Split("Train with: gputrainer ")[1].Trim();
        Assert.Equal($"train '{folder.File("to where", "two")}'", command);
        Assert.Equal(0, CommandLine.Run([.. command.Replace("'", "").Split(' ', 2), "--model", "mlp64x2", "--dry-run", "--device", "cpu"]).ExitCode);

        // A second call checks the files.
        Assert.Contains("already, and its files have the right checksums. Train with", CommandLine.Run(get).Output);
        var damaged = folder.File("to where", "two", Path.GetFileName(files[0]));
        File.WriteAllBytes(damaged, [.. contents[Path.GetFileName(files[0])][..^1], 0x55]);
        var checkedAgain = CommandLine.Run(get);
        Assert.Equal(Gpu.Cli.ExitCode.Failure, checkedAgain.ExitCode);
        Assert.Contains("is expected. Remove the folder to download them again", checkedAgain.Error);
        File.Delete(damaged);
        Assert.Contains($"{Path.GetFileName(files[0])} is missing", CommandLine.Run(get).Error);

        // A mistake in a catalog of one's own is not mended by another build of the program.
        File.WriteAllText(catalog, "{ \"datasets\": 3 }");
        var bad = CommandLine.Run(get);
        Assert.DoesNotContain("install", bad.Error);
        Assert.Contains("Correct the file, or the path; '", bad.Error);
        Assert.Contains("Correct the file, or the path", CommandLine.Run("data", "get", "two", "--catalog", folder.File("none.json")).Error);
    }

    [Fact]
    public void TheShippedCatalogIsComplete()
    {
        foreach (var entry in DatasetCatalog.Entries.Where(entry => !entry.IsBundled))
        {
            Assert.NotNull(entry.Licence);
            Assert.NotNull(entry.Citation);
            Assert.All(entry.Files, file => Assert.True(file.Sha256 is null || Convert.FromHexString(file.Sha256).Length == 32, file.Name));
        }
    }

    private static async Task<string> Get(TempFolder folder, DatasetCatalogEntry entry, List<string>? remarks = null)
    {
        using var client = new HttpClient();
        return await new DatasetDownloader(client) { Remark = remark => remarks?.Add(remark) }.GetAsync(entry, folder.Path);
    }

    private static DatasetCatalogEntry Entry(params Server[] servers) => new(
        "set", "a set", [], [new("a.bin", [.. servers.Select(server => server.Url + "a.bin")], Content.Length, Hash(Content))]);

    private static DatasetCatalogEntry Archive(Server server, byte[] archive) => new(
        "set", "a set", [], [new("a.tar.gz", [server.Url + "a.tar.gz"], archive.Length, Hash(archive))]);

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));

    private static byte[] Tar(params (string Name, string? Text)[] files)
    {
        using var memory = new MemoryStream();
        using (var tar = new TarWriter(memory, TarEntryFormat.Ustar, leaveOpen: true))
        {
            foreach (var (name, text) in files)
            {
                tar.WriteEntry(text is null
                    ? new UstarTarEntry(TarEntryType.SymbolicLink, name) { LinkName = "/etc/passwd" }
                    : new UstarTarEntry(TarEntryType.RegularFile, name) { DataStream = new MemoryStream(System.Text.Encoding.ASCII.GetBytes(text)) });
            }
        }

        return Gzip.Compress(memory.ToArray());
    }

    internal sealed record Answer(byte[] Content)
    {
        public int Status { get; init; } = 200;

        public int? BreakAfter { get; init; }

        public int? StallAfter { get; init; }

        public bool IgnoresRanges { get; init; }

        public bool Chunked { get; init; }

        public string? ETag { get; init; }
    }

    internal sealed class Server : IDisposable
    {
        private readonly HttpListener _listener = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly Func<int, long, Answer> _answer;
        private int _requests;

        public Server(Func<int, long, Answer> answer)
        {
            _answer = answer;
            using (var probe = new TcpListener(IPAddress.Loopback, 0))
            {
                probe.Start();
                Url = $"http://localhost:{((IPEndPoint)probe.LocalEndpoint).Port}/";
            }

            _listener.Prefixes.Add(Url);
            _listener.Start();
            _ = Task.Run(ServeAsync);
        }

        public string Url { get; }

        public int Requests => _requests;

        public long LastFrom { get; private set; }

        public void Dispose()
        {
            _stop.Cancel();
            _listener.Close();
            _stop.Dispose();
        }

        private async Task ServeAsync()
        {
            while (_listener.IsListening)
            {
                try
                {
                    var context = await _listener.GetContextAsync();
                    _ = Task.Run(() => RespondAsync(context));
                }
                catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
                {
                    return;
                }
            }
        }

        private async Task RespondAsync(HttpListenerContext context)
        {
            var range = context.Request.Headers["Range"];
            var from = range is null ? 0 : long.Parse(range["bytes=".Length..^1]);
            LastFrom = from;
            var answer = _answer(Interlocked.Increment(ref _requests), from);
            var response = context.Response;
            var condition = context.Request.Headers["If-Range"];
            var honorsRange = range is not null && !answer.IgnoresRanges && (condition is null || condition == answer.ETag);
            if (!honorsRange) from = 0;
            response.StatusCode = honorsRange ? 206 : answer.Status;
            if (honorsRange) response.AddHeader("Content-Range", $"bytes {from}-{answer.Content.Length - 1}/{answer.Content.Length}");
            if (answer.ETag is { } tag) response.AddHeader("ETag", tag);
            if (answer.Chunked) response.SendChunked = true;
            else response.ContentLength64 = answer.Content.Length - from;
            try
            {
                var rest = answer.Content.AsMemory((int)from);
                if ((answer.BreakAfter ?? answer.StallAfter) is { } most && most < rest.Length)
                {
                    await response.OutputStream.WriteAsync(rest[..most]);
                    await response.OutputStream.FlushAsync();
                    // What was written must arrive before the connection is reset.
                    await Task.Delay(answer.StallAfter is null ? 100 : 10_000, _stop.Token);
                    response.Abort();
                    return;
                }

                await response.OutputStream.WriteAsync(rest);
                response.Close();
            }
            catch (Exception e) when (e is HttpListenerException or IOException or ObjectDisposedException or OperationCanceledException)
            {
                response.Abort();
            }
        }
    }
}

using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using System.Xml.Linq;
using Gpu.Cli;
using Gpu.Cli.Serving;
using Gpu.Tests.Cli;
using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Runs;
using Microsoft.Extensions.Time.Testing;

namespace Gpu.Tests.Serving;

/// <summary>The web server of <c>serve</c>, asked over localhost.</summary>
public sealed class RunServerTests(ServedRuns runs) : IClassFixture<ServedRuns>
{
    private const string Hostile = "b & <c>";

    [Fact]
    public async Task ThePagesShowTheRunsAndLoadNothingFromElsewhere()
    {
        await using var server = await RunServer.Start(runs.Settings, runs.Device);
        using var client = new HttpClient { BaseAddress = server.Address };
        var list = Parse(await client.GetStringAsync("/"));
        var links = list.Descendants("tbody").Single().Descendants("a").ToDictionary(link => link.Value, link => (string)link.Attribute("href")!);
        Assert.Equal([Hostile, "one"], links.Keys.Order(StringComparer.Ordinal));
        var last = RunFolder.Open(Path.Combine(runs.Root, "one")).ReadReports()[^1];
        var json = JsonDocument.Parse(await client.GetStringAsync("/runs.json")).RootElement.GetProperty("runs").EnumerateArray()
            .Single(run => run.GetProperty("name").GetString() == "one");
        Assert.Equal(last.TrainLoss, json.GetProperty("train_loss").GetDouble());
        Assert.Equal("ended", json.GetProperty("state").GetString());
        foreach (var (name, link) in links)
        {
            using var answer = await client.GetAsync(link);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.StartsWith("default-src 'none'", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
            var page = Parse(await answer.Content.ReadAsStringAsync());
            Assert.Equal(name, page.Descendants("h1").Single().Value);
            Assert.Equal(name, (string?)page.Descendants("section").Single(one => (string?)one.Attribute("id") == "drop").Attribute("data-run"));
            Assert.Contains(page.Descendants("h2"), head => head.Value == "Curves");
        }

        var compared = Parse(await client.GetStringAsync($"/compare?run=one&run={Uri.EscapeDataString(Hostile)}"));
        Assert.Contains(compared.Descendants("th"), head => head.Value == "seed");
        Assert.Equal(400, await Status(client.GetAsync("/compare?run=one")));
    }

    [Fact]
    public async Task NamesDoNotLeadOutOfTheFolder()
    {
        var link = Path.Combine(runs.Root, "link");
        if (!OperatingSystem.IsWindows()) Directory.CreateSymbolicLink(link, runs.Secret);
        try
        {
            await using var server = await RunServer.Start(runs.Settings, runs.Device);
            using var client = new HttpClient { BaseAddress = server.Address };
            using var image = new ByteArrayContent(Png(0));
            foreach (var name in new[] { "../secret", "..", ".", "link", "one/../../secret", runs.Secret, "/", "none", "one/", "..\\secret", "ONE" })
            {
                var escaped = Uri.EscapeDataString(name);
                Assert.Equal(404, await Status(client.GetAsync($"/compare?run=one&run={escaped}")));
                Assert.Equal(404, await Status(client.PostAsync($"/predict?run={escaped}", image)));
            }

            // As they are sent, without the shortening of HttpClient.
            foreach (var path in new[] { "/runs/%2e%2e%2fsecret", "/runs/..%2fsecret", "/runs/%2e%2e/secret", "/runs/one/../../secret" })
            {
                var raw = new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true };
                var address = new Uri($"{server.Address.GetLeftPart(UriPartial.Authority)}{path}", raw);
                Assert.Equal(404, await Status(client.GetAsync(address)));
            }

            Assert.DoesNotContain("link", (await client.GetStringAsync("/runs.json")).Split('"'));
        }
        finally
        {
            if (Directory.Exists(link)) Directory.Delete(link);
        }
    }

    [Fact]
    public async Task PredictionsAreThoseOfThePredictorAndShareBatches()
    {
        const int Count = 24;
        var split = (ImageSplit)runs.Data.Test;
        var pixels = new byte[Count * split.ImageSize];
        for (var i = 0; i < Count; i++) split.CopyImage(i, pixels.AsSpan(i * split.ImageSize, split.ImageSize));
        float[,] expected;
        // Before the server, which uses the device on its own thread.
        using (var predictor = Predictor.Open(Path.Combine(runs.Root, "one"), runs.Device)) expected = predictor.Predict(pixels, Count);
        await using var server = await RunServer.Start(runs.Settings with { BatchDelay = TimeSpan.FromMilliseconds(150) }, runs.Device);
        using var client = new HttpClient { BaseAddress = server.Address };
        var answers = await Task.WhenAll(Enumerable.Range(0, Count).Select(async i =>
        {
            // Both forms of sending a file.
            using HttpContent content = i % 2 == 0
                ? new ByteArrayContent(Png(i)) : new MultipartFormDataContent { { new ByteArrayContent(Png(i)), "image", "x.png" } };
            using var answer = await client.PostAsync("/predict?run=one", content);
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            return JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        }));
        Assert.InRange(server.Queue.Batches, 1, Count / 2);
        for (var i = 0; i < Count; i++)
        {
            var classes = answers[i].GetProperty("classes").EnumerateArray().ToDictionary(
                one => one.GetProperty("name").GetString()!, one => one.GetProperty("probability").GetDouble());
            for (var c = 0; c < runs.Data.ClassNames.Count; c++) Assert.Equal(expected[i, c], classes[runs.Data.ClassNames[c]], 1e-5);
            Assert.Equal(classes.Values.Max(), answers[i].GetProperty("probability").GetDouble());
            Assert.True(answers[i].GetProperty("milliseconds").GetDouble() > 0);
        }
    }

    [Fact]
    public async Task BadRequestsAreAnsweredWithJson()
    {
        var settings = runs.Settings with { MostBodyBytes = 1000, MostPixels = 100 };
        await using var server = await RunServer.Start(settings, runs.Device);
        using var client = new HttpClient { BaseAddress = server.Address };
        var large = ImageCodec.EncodePng(new ByteImage(11, 10, 1));
        Assert.Equal(413, await Post(new byte[1001]));
        Assert.Equal(413, await Post(large));
        Assert.Equal(400, await Post([]));
        Assert.Equal(400, await Post([1, 2, 3, 4, 5, 6, 7, 8]));
        Assert.Equal(400, await Post(Png(0)[..^20]));
        Assert.Equal(400, await Status(client.PostAsync("/predict", new ByteArrayContent(Png(0)))));
        Assert.Equal(400, await Status(client.PostAsync("/predict?run=one", new MultipartFormDataContent { { new StringContent("x"), "text" } })));
        Assert.Equal(404, await Status(client.GetAsync("/nothing")));
        // The body has no declared length.
        using var request = new HttpRequestMessage(HttpMethod.Post, "/predict?run=one") { Content = new ByteArrayContent(new byte[5000]) };
        request.Headers.TransferEncodingChunked = true;
        Assert.Equal(413, await Status(client.SendAsync(request)));

        Task<int> Post(byte[] body) => Status(client.PostAsync("/predict?run=one", new ByteArrayContent(body)));
    }

    [Fact]
    public async Task OtherMethodsThanPostAreToldHowToPredict()
    {
        await using var server = await RunServer.Start(runs.Settings, runs.Device);
        using var client = new HttpClient { BaseAddress = server.Address };
        foreach (var method in new[] { HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete })
        {
            using var request = new HttpRequestMessage(method, "/predict?run=one");
            using var answer = await client.SendAsync(request);
            Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
            Assert.Equal(["POST"], answer.Content.Headers.Allow);
            var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
            Assert.Contains("curl --data-binary @IMAGE", json.GetProperty("error").GetString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task ARunWithoutReportSaysHowToMakeIt()
    {
        await using var server = await RunServer.Start(runs.Settings, runs.Device);
        using var client = new HttpClient { BaseAddress = server.Address };
        using (var missing = await client.GetAsync("/runs/one/report.html"))
        {
            Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
            var page = Parse(await missing.Content.ReadAsStringAsync());
            Assert.Equal($"gputrainer report {Path.Combine(runs.Root, "one")}", page.Descendants("pre").Single().Value);
        }

        Assert.Equal(404, await Status(client.GetAsync("/runs/none/report.html")));
        var file = Path.Combine(runs.Root, "one", RunFolder.ReportFile);
        File.WriteAllText(file, "<html>its report</html>");
        try
        {
            Assert.Equal("<html>its report</html>", await client.GetStringAsync("/runs/one/report.html"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void PlansAreKeptBetweenPredictionsOfAnySize()
    {
        var split = (ImageSplit)runs.Data.Test;
        byte[] Pixels(int count) => [.. Enumerable.Range(0, count).SelectMany(i => split.Image(i).ToArray())];
        using var predictor = Predictor.Open(Path.Combine(runs.Root, "one"), runs.Device, 16);
        var expected = predictor.Predict(Pixels(20), 20);
        var bytes = runs.Device.AllocatedBytes;
        foreach (var count in new[] { 1, 7, 20, 3, 16, 1 })
        {
            var actual = predictor.Predict(Pixels(count), count);
            for (var i = 0; i < count; i++)
                for (var c = 0; c < actual.GetLength(1); c++) Assert.Equal(expected[i, c], actual[i, c], 1e-6);
            // No buffer is allocated again.
            Assert.Equal(bytes, runs.Device.AllocatedBytes);
        }

        // An evaluation counts the free memory, so the plans are released before it.
        Assert.Equal(split.Count, predictor.Evaluate(split).Samples);
        Assert.True(runs.Device.AllocatedBytes < bytes);
        Assert.Equal(expected[0, 0], predictor.Predict(Pixels(1), 1)[0, 0], 1e-6);
    }

    [Fact]
    public void TheListShowsMeanIouOfRunsOnMasks()
    {
        using var folder = new TempFolder();
        using (var trainer = new Trainer(
            Gpu.Training.Models.BuiltInModels.Create("unet_small", Gpu.Training.Shapes.TensorShape.Image(64, 64, 3), 4), ShapesGenerator.Generate(1, 8, 4),
            runs.Device,
            new TrainingOptions { Steps = 1, Batch = 4, OutputFolder = folder.File("masks"), Statistics = false })) trainer.Run();
        var last = RunFolder.Open(folder.File("masks")).ReadReports()[^1];
        var row = RunsPage.Rows(new RunCatalog(folder.Path)).Single();
        Assert.Equal(last.MeanIou, row.Score);
        Assert.NotEqual(last.Accuracy, row.Score);
        Assert.Contains("\"mean_iou\":", $"{row.Json}", StringComparison.Ordinal);
        var page = Parse(RunsPage.Render(new RunCatalog(folder.Path)));
        Assert.Contains(page.Descendants("th"), head => head.Value == "mean IoU");
        Assert.Contains(page.Descendants("td"), cell => cell.Value == $"{Gpu.Cli.Output.Units.Percent(last.MeanIou)} IoU");
    }

    [Fact]
    public async Task AFullQueueRefusesAndSlowRequestsEnd()
    {
        var clock = new FakeTimeProvider();
        await using var server = await RunServer.Start(
            runs.Settings with { QueueLength = 1, Timeout = TimeSpan.FromSeconds(20), Clock = clock }, runs.Device);
        using var client = new HttpClient { BaseAddress = server.Address };
        // A body that never ends holds the only place.
        using var slow = new StalledContent();
        var first = client.PostAsync("/predict?run=one", slow);
        await slow.Started;
        using (var refused = await Until(HttpStatusCode.ServiceUnavailable)) Assert.Equal("1", refused.Headers.GetValues("Retry-After").Single());
        // The place is free again when the time of the first request is over, and not before.
        clock.Advance(TimeSpan.FromSeconds(19));
        (await Until(HttpStatusCode.ServiceUnavailable)).Dispose();
        clock.Advance(TimeSpan.FromSeconds(2));
        (await Until(HttpStatusCode.OK)).Dispose();
        // HttpClient reads the answer after it has sent the body.
        slow.End();
        Assert.Equal(504, await Status(first));

        async Task<HttpResponseMessage> Until(HttpStatusCode status)
        {
            for (var attempt = 0; ; attempt++)
            {
                var answer = await client.PostAsync("/predict?run=one", new ByteArrayContent(Png(0)));
                if (answer.StatusCode == status) return answer;
                Assert.True(attempt < 500, $"no answer with {status}");
                answer.Dispose();
                await Task.Delay(10);
            }
        }
    }

    [Fact]
    public async Task WithATokenOnlyThoseWhoShowItAreAnswered()
    {
        const string Token = "0123456789-secret";
        await using var server = await RunServer.Start(runs.Settings with { Token = Token }, runs.Device);
        using var client = new HttpClient(new HttpClientHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = server.Address };
        Assert.Equal(401, await Status(client.GetAsync("/")));
        Assert.Equal(401, await Status(client.GetAsync($"/?token={Token}x")));
        Assert.Equal(401, await Status(client.PostAsync("/predict?run=one", new ByteArrayContent(Png(0)))));
        using var entry = await client.GetAsync($"/compare?run=one&token={Token}&run=b");
        Assert.Equal(HttpStatusCode.Redirect, entry.StatusCode);
        Assert.Equal("/compare?run=one&run=b", entry.Headers.Location!.ToString());
        var cookie = entry.Headers.GetValues("Set-Cookie").Single();
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        using var withCookie = new HttpRequestMessage(HttpMethod.Get, "/");
        withCookie.Headers.Add("Cookie", cookie.Split(';')[0]);
        Assert.Equal(200, await Status(client.SendAsync(withCookie)));
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token);
        Assert.Equal(200, await Status(client.GetAsync("/")));
        Assert.Equal(200, await Status(client.PostAsync("/predict?run=one", new ByteArrayContent(Png(0)))));
    }

    [Fact]
    public async Task PagesOfOtherSitesReachNothing()
    {
        await using var server = await RunServer.Start(runs.Settings, runs.Device);
        using var client = new HttpClient { BaseAddress = server.Address };
        using var rebound = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Host = "example.com" } };
        Assert.Equal(403, await Status(client.SendAsync(rebound)));
        foreach (var (origin, status) in new[] { ("https://example.com", 403), ("null", 403), (server.Address.GetLeftPart(UriPartial.Authority), 200) })
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/predict?run=one") { Content = new ByteArrayContent(Png(0)) };
            request.Headers.Add("Origin", origin);
            Assert.Equal(status, await Status(client.SendAsync(request)));
        }
    }

    [Theory]
    // Killed before its last epoch, killed after it, ended by the user, live.
    [InlineData(true, false, "stopped")]
    [InlineData(true, true, "ended")]
    [InlineData(false, false, "ended")]
    [InlineData(null, false, "live")]
    public async Task TheListTellsKilledRunsFromThoseThatEnded(bool? wasKilled, bool isComplete, string state)
    {
        using var folder = new TempFolder();
        var run = folder.File("run");
        Directory.CreateDirectory(run);
        foreach (var file in Directory.GetFiles(Path.Combine(runs.Root, "one"))) File.Copy(file, Path.Combine(run, Path.GetFileName(file)));
        var metrics = Path.Combine(run, RunFolder.MetricsLogFile);
        if (!isComplete) File.WriteAllText(metrics, $"{File.ReadAllLines(metrics)[0]}\n");
        using var held = RunLock.Acquire(run);
        if (wasKilled is not null)
        {
            var file = Path.Combine(run, RunLock.FileName);
            using var left = new MemoryStream();
            using (var reader = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete)) reader.CopyTo(left);
            held.Dispose();
            if (wasKilled == true) File.WriteAllBytes(file, left.ToArray());
        }

        await using var server = await RunServer.Start(runs.Settings with { Root = folder.Path }, runs.Device);
        using var client = new HttpClient { BaseAddress = server.Address };
        var json = JsonDocument.Parse(await client.GetStringAsync("/runs.json")).RootElement.GetProperty("runs").EnumerateArray().Single();
        Assert.Equal(state, json.GetProperty("state").GetString());
        Assert.Contains(Parse(await client.GetStringAsync("/")).Descendants("td"), cell => cell.Value == state);
    }

    [Fact]
    public async Task EventsFollowTheRunUntilItEnds()
    {
        using var folder = new TempFolder();
        var live = folder.File("live");
        Directory.CreateDirectory(live);
        foreach (var file in Directory.GetFiles(Path.Combine(runs.Root, "one"))) File.Copy(file, Path.Combine(live, Path.GetFileName(file)));
        var metrics = Path.Combine(live, RunFolder.MetricsLogFile);
        var lines = File.ReadAllLines(metrics);
        File.WriteAllText(metrics, $"{lines[0]}\n");
        await using var server = await RunServer.Start(runs.Settings with { Root = folder.Path }, runs.Device);
        using var client = new HttpClient { BaseAddress = server.Address };
        using (RunLock.Acquire(live))
        {
            Assert.Equal("live", (string?)Parse(await client.GetStringAsync("/runs/live")).Descendants("span").Single(one => one.Attribute("id") is not null)
                .Attribute("id"));
            using var reader = new StreamReader(await client.GetStreamAsync("/runs/live/events"));
            Assert.Equal(("epoch", 1), await Next(reader));
            // Half a line is not an epoch.
            File.AppendAllText(metrics, lines[1][..10]);
            await Task.Delay(60);
            File.AppendAllText(metrics, $"{lines[1][10..]}\n");
            Assert.Equal(("epoch", 2), await Next(reader));
        }

        using var again = new StreamReader(await client.GetStreamAsync("/runs/live/events?after=1"));
        Assert.Equal(("epoch", 2), await Next(again));
        Assert.Equal(("end", 0), await Next(again));
        Assert.Equal("", (await again.ReadToEndAsync()).Trim());
    }

    [Theory]
    [InlineData("gan", "gputrainer generate")]
    [InlineData("autoencode", "gputrainer predict --out")]
    public async Task RunsWithoutClassesNameTheCommandForThem(string task, string command)
    {
        using var folder = new TempFolder();
        var train = CommandLine.Run("train", "--task", task, "--steps", "1", "--limit-train", "20", "--device", "cpu", "--out", folder.File("run"));
        Assert.True(train.ExitCode == 0, train.Error);
        await using var server = await RunServer.Start(runs.Settings with { Root = folder.Path }, runs.Device);
        using var client = new HttpClient { BaseAddress = server.Address };
        using var image = new ByteArrayContent(Png(0));
        using var answer = await client.PostAsync("/predict?run=run", image);
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains($"'{command}'", await answer.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public void TheCommandServesUntilItIsStopped()
    {
        using var source = new CancellationTokenSource();
        source.CancelAfter(TimeSpan.FromMilliseconds(300));
        var served = CommandLine.Run(source.Token, "serve", runs.Root, "--port", "0", "--device", "cpu", "--json");
        Assert.Equal(ExitCode.Cancelled, served.ExitCode);
        Assert.Matches("^http://127.0.0.1:[0-9]+/$", served.Json.GetProperty("address").GetString());
        Assert.Equal(JsonValueKind.Null, served.Json.GetProperty("token").ValueKind);
        // Other machines need a token, which is made.
        var open = CommandLine.Run(source.Token, "serve", runs.Root, "--port", "0", "--host", "0.0.0.0", "--device", "cpu", "--json");
        Assert.True(open.Json.GetProperty("token").GetString()!.Length >= 20);
        Assert.Contains("not encrypted", open.Error, StringComparison.Ordinal);
        // Addresses that a browser can open.
        Assert.Matches("^http://127.0.0.1:[0-9]+/$", open.Json.GetProperty("address").GetString());
        Assert.Matches($"From other machines: http://[^/]+:[0-9]+/\\?token={open.Json.GetProperty("token").GetString()}", open.Error);
        Assert.DoesNotContain("http://0.0.0.0", open.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void MistakesInTheCommandAreExplained()
    {
        Fails("There is no folder", Path.Combine(runs.Root, "none"));
        Fails("is a run itself", Path.Combine(runs.Root, "one"));
        Fails("expected an IP address", runs.Root, "--host", "example.com");
        Fails("8 or more letters", runs.Root, "--token", "short");
        Fails("--port expects an integer", runs.Root, "--port", "65536");

        static void Fails(string message, params string[] args)
        {
            var result = CommandLine.Run(["serve", .. args, "--device", "cpu"]);
            Assert.Equal(2, result.ExitCode);
            Assert.Contains(message, result.Error, StringComparison.Ordinal);
        }
    }

    private static async Task<(string Kind, int Epoch)> Next(StreamReader reader)
    {
        var kind = "";
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            if (line.StartsWith("event: ", StringComparison.Ordinal)) kind = line[7..];
            if (!line.StartsWith("data: ", StringComparison.Ordinal)) continue;
            return (kind, JsonDocument.Parse(line[6..]).RootElement.TryGetProperty("epoch", out var epoch) ? epoch.GetInt32() : 0);
        }

        return ("closed", 0);
    }

    // Errors have a message and the status in their body, too.
    private static async Task<int> Status(Task<HttpResponseMessage> request)
    {
        using var answer = await request;
        var status = (int)answer.StatusCode;
        if (status == 200) return status;
        var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync()).RootElement;
        Assert.Equal(status, json.GetProperty("status").GetInt32());
        Assert.NotEmpty(json.GetProperty("error").GetString()!);
        return status;
    }

    private static XDocument Parse(string text)
    {
        var page = XDocument.Parse(text[text.IndexOf('\n', StringComparison.Ordinal)..]);
        Assert.Empty(page.Descendants("link"));
        Assert.All(page.Descendants().Attributes("src"), source => Assert.StartsWith("data:", source.Value, StringComparison.Ordinal));
        Assert.All(page.Descendants().Attributes("href"), link => Assert.StartsWith("/", link.Value, StringComparison.Ordinal));
        return page;
    }

    private byte[] Png(int sample)
    {
        var split = (ImageSplit)runs.Data.Test;
        var pixels = new byte[split.ImageSize];
        split.CopyImage(sample, pixels);
        return ImageCodec.EncodePng(new ByteImage(split.Height, split.Width, split.Channels, pixels));
    }

    private sealed class StalledContent : HttpContent
    {
        private readonly TaskCompletionSource _started = new();
        private readonly TaskCompletionSource _end = new();

        public Task Started => _started.Task;

        public void End() => _end.TrySetResult();

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(new byte[10]);
            await stream.FlushAsync();
            _started.TrySetResult();
            await _end.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}

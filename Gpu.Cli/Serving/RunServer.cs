using Gpu.Cli.Parsing;
using System.Diagnostics;
using System.Net;
using Gpu.Cli.Output;
using Gpu.Cli.Reports;
using Gpu.Kernels.Devices;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Runs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace Gpu.Cli.Serving;

/// <summary>
/// The web server of <c>serve</c>: <c>/</c> lists the runs, <c>/runs/NAME</c> is the page of a run, <c>/runs/NAME/events</c> its server-sent events,
/// <c>/compare?run=A&amp;run=B</c> compares, <c>/runs.json</c> is the list as JSON, and <c>POST /predict?run=NAME</c> classifies an image.
/// </summary>
internal sealed class RunServer : IAsyncDisposable
{
    private const int MostCompared = 10;
    private const long MostConnections = 1000;

    // Pages have their style and script inside, and load nothing else.
    private const string ContentPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private readonly WebApplication _app;
    private readonly ServeSettings _settings;
    private readonly RunCatalog _runs;
    private readonly CancellationTokenSource _stopping = new();

    private RunServer(ServeSettings settings, ComputeDevice device)
    {
        _settings = settings;
        _runs = new RunCatalog(settings.Root);
        Queue = new PredictionQueue(settings, _runs, device);
        // Without the defaults, which read settings from files and environment variables.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddRoutingCore();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            kestrel.Limits.MaxRequestBodySize = settings.MostBodyBytes;
            kestrel.Limits.MaxConcurrentConnections = MostConnections;
            // The time of a request has a limit here. Kestrel's own, 5 seconds of a slow body, would answer 408 first on a busy machine.
            kestrel.Limits.MinRequestBodyDataRate = null;
            kestrel.Listen(settings.Address, settings.Port);
        });
        _app = builder.Build();
        var guard = new AccessGuard(settings.Token, IPAddress.IsLoopback(settings.Address));
        var events = new RunEvents(_runs, settings, _stopping.Token);
        _app.Use(Answer);
        _app.Use((context, next) => guard.Run(context, next));
        _app.UseRouting();
        _app.MapGet("/", context => Page(context, RunsPage.Render(_runs)));
        _app.MapGet("/runs.json", context => Json(context, 200, new JsonRecord().Add("runs", RunsPage.Rows(_runs).Select(row => row.Json))));
        _app.MapGet("/runs/{name}", ShowRun);
        _app.MapGet("/runs/{name}/events", events.Send);
        _app.MapGet("/compare", Compare);
        _app.MapPost("/predict", Predict);
        _app.MapGet("/runs/{name}/report.html", ShowReport);
        _app.MapMethods("/predict", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"], context =>
        {
            context.Response.Headers.Allow = "POST";
            throw new RequestException(
                405, "Send an image with POST: the bytes of the file, or a form with one file, as in "
                + $"curl --data-binary @IMAGE '{context.Request.Scheme}://{context.Request.Host}/predict?run=NAME'. The page / lists the runs.");
        });
        _app.MapGet("/favicon.ico", context => Finish(context, 204));
        _app.MapFallback(context =>
        {
            if (HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method)) throw NoPage(context);
            context.Response.Headers.Allow = "GET";
            throw new RequestException(405, $"{context.Request.Method} is not answered here, only GET, and POST for /predict.");
        });

        static RequestException NoPage(HttpContext context) => new(
            404, $"There is no page '{context.Request.Path}'. "
            + "There are /, /runs/NAME, /runs/NAME/report.html, /runs/NAME/events, /compare?run=A&run=B, /runs.json and POST /predict.");
    }

    /// <summary>The address of the first page, without the token.</summary>
    public Uri Address { get; private set; } = new("http://localhost");

    /// <summary>The images that are classified.</summary>
    public PredictionQueue Queue { get; }

    /// <summary>Starts a server.</summary>
    /// <param name="settings">address, folder and limits</param>
    /// <param name="device">runs the networks; the caller disposes it after the server</param>
    /// <exception cref="IOException">the address or the port is in use or not of this machine</exception>
    public static async Task<RunServer> Start(ServeSettings settings, ComputeDevice device)
    {
        var server = new RunServer(settings, device);
        try
        {
            await server._app.StartAsync();
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException)
        {
            await server.DisposeAsync();
            throw new IOException(
                $"The server cannot listen on {settings.Address} port {settings.Port}: {e.Message} Choose another --port (0 for a free one) or --host.", e);
        }

        server.Address = new Uri(server._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First());
        return server;
    }

    /// <summary>Ends all requests and the server.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        using (var limit = new CancellationTokenSource(TimeSpan.FromSeconds(5))) await _app.StopAsync(limit.Token);
        await _app.DisposeAsync();
        Queue.Dispose();
        _stopping.Dispose();
    }

    // Every failure is JSON with a status.
    private static async Task Answer(HttpContext context, Func<Task> next)
    {
        context.Response.Headers["Content-Security-Policy"] = ContentPolicy;
        context.Response.Headers["X-Content-Type-Options"] = "nosniff";
        context.Response.Headers["Referrer-Policy"] = "no-referrer";
        context.Response.Headers.CacheControl = "no-store";
        try
        {
            await next();
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            var (status, message) = e switch
            {
                RequestException refused => (refused.Status, refused.Message),
                BadHttpRequestException { StatusCode: 413 } => (413, "The body of the request is too large. Send a smaller image."),
                BadHttpRequestException bad => (bad.StatusCode, bad.Message),
                ImageException image => (400, image.Message),
                InvalidDataException data => (400, $"The form cannot be read: {data.Message} Send the bytes of an image, or a form with one file."),
                OperationCanceledException => (504, "The time for the request is over. Send a smaller image, or try again later."),
                TrainingException training => (500, training.Message),
                _ => (500, $"{e.Message} ({e.GetType().Name})"),
            };
            if (status == 503) context.Response.Headers.RetryAfter = "1";
            // The rest of the body may be unread, and then the connection ends: the client must not use it again.
            if (HttpMethods.IsPost(context.Request.Method)) context.Response.Headers.Connection = "close";
            if (status == 401) context.Response.Headers.WWWAuthenticate = "Bearer";
            await Json(context, status, new JsonRecord().Add("status", status).Add("error", message));
        }
    }

    private static Task Page(HttpContext context, string html)
    {
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(html);
    }

    private static Task Json(HttpContext context, int status, JsonRecord record)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json; charset=utf-8";
        return context.Response.WriteAsync($"{record}\n");
    }

    private static Task Finish(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    private async Task ShowRun(HttpContext context)
    {
        var name = (string?)context.Request.RouteValues["name"];
        var path = _runs.PathOf(name);
        var isTraining = RunFolder.IsTraining(path);
        var file = RunReport.PathOf(path);
        var view = _runs.View(name);
        // The file may be older than the last epoch while the run trains, and has more than the metrics afterwards.
        var html = !isTraining && File.Exists(file) ? await File.ReadAllTextAsync(file, context.RequestAborted) : RunReport.Render(view, null, isLive: false);
        await Page(context, RunPage.Complete(html, name!, isTraining, view.Reports.Count, view.ClassifiesImages));
    }

    // The file itself; RunReport makes the page of ShowRun without it.
    private async Task ShowReport(HttpContext context)
    {
        var name = (string?)context.Request.RouteValues["name"];
        var path = _runs.PathOf(name);
        var file = RunReport.PathOf(path);
        if (File.Exists(file))
        {
            await Page(context, await File.ReadAllTextAsync(file, context.RequestAborted));
            return;
        }

        context.Response.StatusCode = 404;
        var why = RunFolder.IsTraining(path) ? "The run still trains; its report is written after each epoch and at the end."
            : $"The run '{name}' has no {RunFolder.ReportFile}.";
        await Page(context, RunPage.WithLinks(ReportStyle.Page("No report", name!, false,
        [
            Html.E(
                "section", Html.E("p", why), Html.E("p", "This command makes it:"),
                Html.E("pre", $"gputrainer report {ShellQuote.Quote(Path.Combine(_settings.Root, name!))}"),
                Html.E("p", Html.E("a", Html.A("href", $"/runs/{Uri.EscapeDataString(name!)}"), "The page of the run"), " shows what is known without it.")),
        ])));
    }

    private Task Compare(HttpContext context)
    {
        string[] names = [.. context.Request.Query["run"].OfType<string>().Distinct()];
        if (names.Length is < 2 or > MostCompared)
            throw new RequestException(400, $"Give 2 to {MostCompared} runs, as in /compare?run=A&run=B, but got {names.Length}.");
        RunView[] views = [.. names.Select(name => _runs.View(name))];
        if (views.Any(view => view.IsRegression != views[0].IsRegression))
            throw new RequestException(400, "These runs cannot be compared: some predict classes, others numbers. Choose runs with the same task.");
        return Page(context, RunPage.WithLinks(CompareReport.Render(views, new RunResults?[views.Length])));
    }

    private async Task Predict(HttpContext context)
    {
        var start = Stopwatch.GetTimestamp();
        var name = context.Request.Query["run"].ToString();
        _runs.PathOf(name);
        if (context.Request.ContentLength > _settings.MostBodyBytes)
        {
            throw new RequestException(
                413, $"The body has {context.Request.ContentLength} bytes; at most {_settings.MostBodyBytes} are accepted. Send a smaller image.");
        }

        using var place = Queue.Enter();
        using var time = new CancellationTokenSource(_settings.Timeout, _settings.Clock);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _stopping.Token, time.Token);
        var image = await Body(context.Request, limit.Token);
        var prediction = await Queue.Predict(name, image, limit.Token);
        var order = Enumerable.Range(0, prediction.ClassNames.Length).OrderByDescending(c => prediction.Probabilities[c]);
        await Json(context, 200, new JsonRecord().Add("run", name)
            .Add("class", prediction.ClassNames[order.First()]).Add("probability", prediction.Probabilities[order.First()])
            .Add("classes", order.Select(c => new JsonRecord().Add("name", prediction.ClassNames[c]).Add("probability", prediction.Probabilities[c])))
            .Add("batch", prediction.Batch).Add("network_milliseconds", 1000 * prediction.Seconds)
            .Add("milliseconds", Stopwatch.GetElapsedTime(start).TotalMilliseconds));
    }

    private async Task<byte[]> Body(HttpRequest request, CancellationToken cancellation)
    {
        using var memory = new MemoryStream();
        // Not HasFormContentType: curl calls the bytes of a file "application/x-www-form-urlencoded" unless told otherwise.
        if (request.ContentType?.StartsWith("multipart/form-data", StringComparison.OrdinalIgnoreCase) == true)
        {
            var options = new FormOptions { MultipartBodyLengthLimit = _settings.MostBodyBytes, ValueCountLimit = 16, MemoryBufferThreshold = 1 << 20 };
            var form = await request.ReadFormAsync(options, cancellation);
            if (form.Files.Count != 1)
                throw new RequestException(400, $"The form must have one file, the image, but has {form.Files.Count}.");
            await form.Files[0].CopyToAsync(memory, cancellation);
        }
        else
        {
            await request.Body.CopyToAsync(memory, cancellation);
        }

        return memory.Length > 0 ? memory.ToArray() : throw new RequestException(400, "The body is empty. Send the bytes of an image.");
    }
}

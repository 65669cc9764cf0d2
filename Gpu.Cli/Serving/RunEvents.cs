using Gpu.Cli.Output;
using Gpu.Training.Loop;
using Gpu.Training.Runs;
using Microsoft.AspNetCore.Http;

namespace Gpu.Cli.Serving;

/// <summary>
/// Server-sent events of a run: <c>epoch</c> for each line that is added to its metrics, <c>end</c> when no process trains in it any more. The id of an
/// event is the number of epochs so far.
/// </summary>
/// <param name="runs">the runs</param>
/// <param name="settings">how often the files are looked at</param>
/// <param name="stopping">ends all streams</param>
internal sealed class RunEvents(RunCatalog runs, ServeSettings settings, CancellationToken stopping)
{
    // Proxies and browsers take a silent connection for a broken one.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromSeconds(15);

    /// <summary>Sends events until the run or the connection ends.</summary>
    public async Task Send(HttpContext context)
    {
        var name = (string?)context.Request.RouteValues["name"];
        var path = runs.PathOf(name);
        var response = context.Response;
        response.ContentType = "text/event-stream";
        using var source = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping);
        var cancellation = source.Token;
        var last = context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } id ? id : context.Request.Query["after"].ToString();
        var sent = int.TryParse(last, out var number) && number >= 0 ? number : 0;
        var stamp = DateTime.MinValue;
        var quietSince = DateTime.UtcNow;
        try
        {
            await response.Body.FlushAsync(cancellation);
            while (true)
            {
                // Before the file is read: the last epoch is written before the lock is released.
                var isTraining = RunFolder.IsTraining(path);
                if (RunCatalog.Stamp(path) is var now && now != stamp)
                {
                    var reports = runs.View(name).Reports;
                    // A resume may remove epochs after its checkpoint.
                    sent = Math.Min(sent, reports.Count);
                    for (; sent < reports.Count; sent++)
                        await response.WriteAsync($"event: epoch\nid: {sent + 1}\ndata: {Epoch(reports[sent])}\n\n", cancellation);
                    stamp = now;
                    quietSince = DateTime.UtcNow;
                }

                if (!isTraining)
                {
                    await response.WriteAsync($"event: end\nid: {sent}\ndata: {{}}\n\n", cancellation);
                    return;
                }

                if (DateTime.UtcNow - quietSince > KeepAlive)
                {
                    await response.WriteAsync(": still here\n\n", cancellation);
                    quietSince = DateTime.UtcNow;
                }

                await response.Body.FlushAsync(cancellation);
                await Task.Delay(settings.PollInterval, cancellation);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private static JsonRecord Epoch(EpochReport report) => new JsonRecord()
        .Add("epoch", report.Epoch).Add("epochs", report.Epochs).Add("step", report.Step).Add("train_loss", report.TrainLoss)
        .Add("train_accuracy", report.TrainAccuracy).Add("evaluated_on", report.EvaluatedOn).Add("loss", report.Loss).Add("accuracy", report.Accuracy)
        .Add("rmse", report.Rmse).Add("learning_rate", report.LearningRate).Add("samples_per_second", report.SamplesPerSecond);
}

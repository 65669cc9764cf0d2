using System.Globalization;
using System.Xml.Linq;
using Gpu.Cli.Output;
using Gpu.Cli.Reports;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Cli.Serving;

/// <summary>The page that lists the runs: sorts them, compares those that are chosen, and classifies an image.</summary>
internal static class RunsPage
{
    private const string Style = """
        th button{border:0;background:none;padding:0;color:inherit;font-weight:600}
        th[aria-sort] button::after{content:' \2191'}
        th[aria-sort=descending] button::after{content:' \2193'}
        .live{color:var(--s1);font-weight:600}
        .damaged{color:var(--s1);white-space:normal}
        #compare{margin:12px 0 0}
        td input,th input{width:17px;height:17px;vertical-align:middle}
        @media (max-width:560px){.minor{display:none} #runs th,#runs td{padding:4px 5px}}
        """;

    private const string Script = """
        (function(){
          var table=document.querySelector('#runs table');
          if(!table)return;
          var body=table.tBodies[0],column=-1,down=false,compare=document.getElementById('compare');
          function value(row){
            var cell=row.cells[column],text=cell.dataset.value===undefined?cell.textContent:cell.dataset.value,number=parseFloat(text);
            return cell.className.includes('n')?(isNaN(number)?-Infinity:number):text.toLowerCase();
          }
          function sort(){
            if(column===-1)return;
            Array.from(body.rows).sort(function(a,b){
              var x=value(a),y=value(b),order=x===y?0:[x,y].sort(typeof x==='number'?function(p,q){return p-q;}:undefined)[0]===x?-1:1;
              return down?-order:order;
            }).forEach(function(row){body.appendChild(row);});
          }
          table.querySelectorAll('th button').forEach(function(button){
            button.onclick=function(){
              var head=button.parentNode,index=head.cellIndex;
              down=index===column?!down:head.className.includes('n');
              column=index;
              table.querySelectorAll('th').forEach(function(one){one.removeAttribute('aria-sort');});
              head.setAttribute('aria-sort',down?'descending':'ascending');
              sort();
            };
          });
          function chosen(){return Array.from(body.querySelectorAll('input:checked')).map(function(one){return one.value;});}
          function choose(){
            var count=chosen().length;
            compare.disabled=![2,3,4,5,6,7,8,9,10].includes(count);
            compare.textContent=count===0?'Choose runs to compare':count===1?'Choose one more run':'Compare '+count+' runs';
          }
          table.addEventListener('change',choose);
          compare.onclick=function(){location.href='/compare?'+chosen().map(function(one){return 'run='+encodeURIComponent(one);}).join('\u0026');};
          choose();
          function refresh(){
            fetch('/').then(function(answer){return answer.text();}).then(function(text){
              var keep=chosen(),fresh=new DOMParser().parseFromString(text,'text/html').querySelector('#runs tbody');
              if(!fresh)return;
              document.adoptNode(fresh);
              table.replaceChild(fresh,body);
              body=fresh;
              body.querySelectorAll('input').forEach(function(one){one.checked=keep.includes(one.value);});
              sort();choose();
            }).catch(function(){}).then(function(){setTimeout(refresh,body.querySelector('.live')?2000:10000);});
          }
          setTimeout(refresh,2000);
        })();
        """;

    /// <summary>A run of the list.</summary>
    /// <param name="Name">its name</param>
    /// <param name="View">the run; null if it cannot be read</param>
    /// <param name="IsTraining">whether a process trains in it</param>
    /// <param name="WasKilled">whether the process that trained in it was killed</param>
    /// <param name="Error">why it cannot be read</param>
    public sealed record Row(string Name, RunView? View, bool IsTraining, bool WasKilled, string? Error)
    {
        /// <summary>The state as a word; stopped: killed before its last epoch, so that it can be resumed.</summary>
        public string State => View is null ? "damaged" : IsTraining ? "live" : WasKilled && !IsComplete ? "stopped" : "ended";

        private bool IsComplete => View?.Last is { } last && last.Epoch >= last.Epochs;

        /// <summary>The loss on the validation or test part in the best epoch; NaN before the first.</summary>
        public double Loss => View?.Best?.Loss ?? double.NaN;

        /// <summary>The accuracy on that part in the best epoch; NaN before the first and in regression.</summary>
        public double Accuracy => View is null or { IsRegression: true } ? double.NaN : View.Best?.Accuracy ?? double.NaN;

        /// <summary>The mean IoU on that part in the best epoch; NaN before the first and in other tasks than segmentation.</summary>
        public double MeanIou => View is { IsSegmentation: true } ? View.Best?.MeanIou ?? double.NaN : double.NaN;

        /// <summary>The Fréchet distance of the last epoch that computed it; NaN before and in other tasks than generation.</summary>
        public double Frechet => View?.Reports.LastOrDefault(report => double.IsFinite(report.Frechet))?.Frechet ?? double.NaN;

        /// <summary>The score of its task: mean IoU for masks, the Fréchet distance of generated images, else the accuracy.</summary>
        public double Score => View is { IsSegmentation: true } ? MeanIou : double.IsFinite(Frechet) ? Frechet : Accuracy;

        /// <summary>The score with its unit.</summary>
        public string ScoreText => View is { IsSegmentation: true } ? $"{Units.Percent(MeanIou)} IoU"
            : double.IsFinite(Frechet) ? $"{Units.Fixed(Frechet, 2)} FD" : Units.Percent(Accuracy);

        /// <summary>The run as JSON.</summary>
        public JsonRecord Json => new JsonRecord().Add("name", Name).Add("state", State).Add("model", View?.Folder.Configuration.Model)
            .Add("dataset", View?.Folder.Configuration.Dataset).Add("epoch", View?.Last?.Epoch ?? 0)
            .Add("epochs", View?.Last?.Epochs ?? View?.Folder.Configuration.Options.Epochs).Add("train_loss", View?.Last?.TrainLoss).Add("loss", Loss)
            .Add("accuracy", Accuracy).Add("mean_iou", double.IsNaN(MeanIou) ? null : MeanIou).Add("frechet", double.IsNaN(Frechet) ? null : Frechet)
            .Add("error", Error);
    }

    /// <summary>The runs, the newest first.</summary>
    public static Row[] Rows(RunCatalog runs) => [.. runs.Names().Select(name =>
    {
        try
        {
            return new Row(name, runs.View(name), RunFolder.IsTraining(runs.PathOf(name)), RunFolder.WasKilled(runs.PathOf(name)), null);
        }
        catch (Exception e) when (e is TrainingException or IOException or UnauthorizedAccessException or RequestException)
        {
            return new Row(name, null, false, false, e.Message);
        }
    })];

    /// <summary>The page.</summary>
    public static string Render(RunCatalog runs)
    {
        var rows = Rows(runs);
        string[] classifiers = [.. rows.Where(row => row.View is { ClassifiesImages: true }).Select(row => row.Name)];
        return ReportStyle.Page(
            "Runs", $"{Units.Count(rows.Length, "run")} in {Path.GetFileName(Path.TrimEndingDirectorySeparator(runs.Root))}", false,
            [List(rows), classifiers.Length == 0 ? null : RunPage.DropZone(classifiers)], RunPage.Style + Style, Script + RunPage.DropScript);
    }

    private static XElement List(Row[] rows)
    {
        if (rows.Length == 0) return Html.E("section", Html.E("p", "There are no runs yet. Start one with: gputrainer train --out FOLDER/NAME"));
        var table = Html.E(
            "table",
            Html.E(
                "thead", Html.E(
                    "tr", Html.E("th", Html.A("aria-label", "choose")), Head("name"), Head("state"), Head("model", "minor"), Head("data", "minor"),
                    Head("epochs", "n"), Head("train loss", "n minor"), Head("loss", "n"), Head(ScoreName(rows), "n"))),
            Html.E("tbody", rows.Select(Draw)));
        var section = Html.E(
            "section", Html.A("id", "runs"), Html.Div("scroll", table),
            Html.E("button", Html.A("id", "compare"), Html.A("type", "button"), Html.A("disabled", "disabled"), "Choose runs to compare"));
        return section;
    }

    private static XElement Head(string name, string? cssClass = null) => Html.E(
        "th", cssClass is null ? null : Html.A("class", cssClass), Html.E("button", Html.A("type", "button"), name));

    private static XElement Draw(Row row)
    {
        var choice = Html.E(
            "td", row.View is null ? null : Html.E(
                "input", Html.A("type", "checkbox"), Html.A("value", row.Name), Html.A("aria-label", $"Compare {row.Name}")));
        if (row.View is not { } view)
            return Html.E("tr", choice, Html.E("td", row.Name), Html.E("td", Html.A("class", "damaged"), Html.A("colspan", 7), row.Error));
        var configuration = view.Folder.Configuration;
        var (epoch, epochs) = (view.Last?.Epoch ?? 0, view.Last?.Epochs ?? configuration.Options.Epochs);
        return Html.E(
            "tr", choice,
            Html.E("td", Html.A("class", "wrap"), Html.E("a", Html.A("href", $"/runs/{Uri.EscapeDataString(row.Name)}"), row.Name)),
            Html.E("td", Html.A("class", row.State), row.State), Html.E("td", Html.A("class", "minor"), configuration.Model),
            Html.E("td", Html.A("class", "minor"), configuration.Dataset), Number("n", epoch, $"{epoch}/{epochs}"),
            Number("n minor", view.Last?.TrainLoss ?? double.NaN, Units.Fixed(view.Last?.TrainLoss ?? double.NaN, 4)),
            Number("n", row.Loss, Units.Fixed(row.Loss, 4)),
            Number("n", row.Score, row.ScoreText));
    }

    private static string ScoreName(Row[] rows) => rows.All(row => row.View is not { IsSegmentation: true } && double.IsNaN(row.Frechet)) ? "accuracy"
        : rows.All(row => row.View is null or { IsSegmentation: true }) ? "mean IoU" : "score";

    private static XElement Number(string cssClass, double value, string text) => Html.E(
        "td", Html.A("class", cssClass), Html.A("data-value", value.ToString("R", CultureInfo.InvariantCulture)), double.IsNaN(value) ? "-" : text);
}

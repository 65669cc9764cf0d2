using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Training.Models;

namespace Gpu.Cli.Commands;

/// <summary><c>models</c>: lists the built-in networks.</summary>
internal static class ModelsCommand
{
    /// <summary>Adds the action.</summary>
    public static void Build(Command command, CommandContext context) => command.SetAction(_ => Run(context.Reporter));

    private static void Run(Reporter reporter)
    {
        var table = new ReportTable(
            ReportTable.Text("name"), ReportTable.Text("input"), ReportTable.Number("parameters"), ReportTable.Number("MFLOP/image"),
            ReportTable.Text("description"));
        List<JsonRecord> records = [];
        foreach (var name in BuiltInModels.Names)
        {
            var model = BuiltInModels.Get(name);
            var description = BuiltInModels.Describe(name);
            table.Add(name, $"{model.Input}", Units.Count(model.ParameterCount), Units.Short(2e-6 * model.MultiplyAdds), description);
            records.Add(new JsonRecord().Add("name", name).Add("input", $"{model.Input}").Add("parameters", model.ParameterCount)
                .Add("forward_flop", 2 * model.MultiplyAdds).Add("description", description));
        }

        reporter.Table(table);
        reporter.Line("MFLOP/image: forward pass, 2 per multiply-add. 'gputrainer model show NAME' shows the layers.");
        reporter.Result(new JsonRecord().Add("models", records));
    }
}

using System.CommandLine;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Training.Models;

namespace Gpu.Cli.Commands;

/// <summary><c>model show NAME|FILE</c>: shows the layers of a network.</summary>
internal static class ModelCommand
{
    /// <summary>Adds the commands of the group.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var model = new Argument<string>("NAME|FILE") { Description = "Built-in network (see 'models') or JSON model file" };
        var json = Options.Flag("--description", "Print the network as a JSON model file instead");
        var show = new Command("show", "Show the layers of a network: shapes, parameters, operations and memory") { model, json };
        show.SetAction(parsed =>
        {
            var found = ModelArgument.Find(parsed.GetRequiredValue(model));
            if (parsed.GetValue(json)) context.Host.Output.WriteLine(ModelFile.Write(found));
            else Show(context.Reporter, found);
        });
        CommandTree.MakeGroup(command);
        command.Subcommands.Add(show);
    }

    private static void Show(Reporter reporter, Model model)
    {
        var table = new ReportTable(
            ReportTable.Text("layer"), ReportTable.Text("kind"), ReportTable.Text("output"), ReportTable.Number("parameters"),
            ReportTable.Number("MFLOP/image"), ReportTable.Number("activations/image"))
        {
            Title = $"{model.Name}: input {model.Input}",
        };
        List<JsonRecord> layers = [];
        foreach (var node in model.Nodes.SelectMany(node => node.Flatten()))
        {
            // The line of a block shows its output only; parameters and operations are on the lines of its layers.
            var isBlock = node.Children.Count > 0;
            var flop = 2 * node.MultiplyAdds;
            var bytes = (long)node.Output.Length * sizeof(float);
            table.Add(
                node.Name, node.Kind, $"{node.Output}", isBlock || node.ParameterCount == 0 ? "" : Units.Count(node.ParameterCount),
                isBlock || flop == 0 ? "" : Units.Short(1e-6 * flop), Units.Bytes(bytes));
            layers.Add(new JsonRecord().Add("name", node.Name).Add("kind", node.Kind).Add("input", $"{node.Input}").Add("output", $"{node.Output}")
                .Add("parameters", node.ParameterCount).Add("forward_flop", flop).Add("output_bytes", bytes));
        }

        reporter.Table(table);
        var optimizer = model.Recipe.Optimizer;
        var rule = optimizer.Kind.ToString().ToLowerInvariant();
        reporter.Line(
            $"{Units.Count(model.ParameterCount)} parameters ({Units.Bytes(4 * model.ParameterCount)}), "
            + $"{Units.Short(2e-6 * model.MultiplyAdds)} MFLOP per image in the forward pass.");
        reporter.Line(
            $"Recipe: {rule}, learning rate {Units.Short(optimizer.LearningRate)}, "
            + $"weight decay {Units.Short(optimizer.WeightDecay)}, loss {model.Recipe.Loss}.");
        reporter.Result(new JsonRecord().Add("model", model.Name).Add("input", $"{model.Input}").Add("output", $"{model.Output}")
            .Add("parameters", model.ParameterCount)
            .Add("forward_flop", 2 * model.MultiplyAdds).Add("parameter_bytes", 4 * model.ParameterCount).Add("loss", $"{model.Recipe.Loss}")
            .Add("optimizer", rule).Add("learning_rate", optimizer.LearningRate).Add("weight_decay", optimizer.WeightDecay)
            .Add("layers", layers));
    }
}

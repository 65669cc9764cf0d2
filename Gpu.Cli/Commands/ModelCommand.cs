using System.CommandLine;
using System.Globalization;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Cli.Reports;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Cli.Commands;

/// <summary><c>model show NAME|FILE</c> shows the layers of a network; <c>model get NAME</c> downloads weights.</summary>
internal static class ModelCommand
{
    /// <summary>Adds the commands of the group.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var model = new Argument<string>("NAME|FILE") { Description = "Built-in network (see 'models') or JSON model file" };
        var size = Options.Checked("--size", "N|HxW", "Adapt a built-in network to images of this size: a side, or height x width", "as published",
            (int, int)? (text) => ParseSize(text));
        var channels = Options.Integer("--channels", "Adapt a built-in network to images with N channels: 1 for grey, 3 for color", 1, 1024, "as published");
        var classes = Options.Integer("--classes", "Adapt a built-in network to N outputs", 1, 1_000_000, "as published");
        var json = Options.Flag("--description", "Print the network as a JSON model file instead");
        var show = new Command("show", "Show the layers of a network: shapes, parameters, operations and memory") { model, size, channels, classes, json };
        show.SetAction(parsed =>
        {
            var name = parsed.GetRequiredValue(model);
            var found = ModelArgument.Find(name);
            if (parsed.GetValue(size) is not null || parsed.GetInt(channels) is not null || parsed.GetInt(classes) is not null)
                found = Adapt(name, found, parsed.GetValue(size), parsed.GetInt(channels), parsed.GetInt(classes));
            if (parsed.GetValue(json)) context.Host.Output.WriteLine(ModelFile.Write(found));
            else Show(context.Reporter, found);
        });
        CommandTree.MakeGroup(command);
        command.Subcommands.Add(show);
        command.Subcommands.Add(ModelGetCommand.Create(context));
    }

    private static Model Adapt(string name, Model published, (int Height, int Width)? size, int? channels, int? classes)
    {
        if (!BuiltInModels.Names.Contains(name))
        {
            throw new UsageException(
                $"--size, --channels and --classes adapt a built-in network, but '{name}' is a file, whose sizes are fixed. Change its input and its last "
                + "layer.");
        }

        var input = published.Input;
        if (size is not null || channels is not null)
        {
            if (!input.IsImage && size is null)
                throw new UsageException($"'{name}' takes {input} and no image, so --channels needs --size, such as --size 28.");
            input = TensorShape.Image(size?.Height ?? input.Height, size?.Width ?? input.Width, channels ?? (input.IsImage ? input.Channels : 1));
        }

        return BuiltInModels.Create(name, input, classes ?? published.Output.Length);
    }

    /// <summary>Parses the size of an image, a side or height x width.</summary>
    /// <exception cref="FormatException">the text is no size</exception>
    public static (int Height, int Width) ParseSize(string text)
    {
        const int most = 16_384;
        var parts = text.Split('x', 'X');
        var numbers = parts.Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n is >= 1 and <= most ? n : 0);
        if (parts.Length is 1 or 2 && numbers.All(number => number > 0)) return (numbers.First(), numbers.Last());
        throw new FormatException($"expected a number of pixels, such as 128, or height x width, such as 96x128, each 1 to {most:N0}, but got '{text}'.");
    }

    /// <summary>Shows a table of the layers; returns them for JSON.</summary>
    public static IReadOnlyList<JsonRecord> ShowLayers(Reporter reporter, Model model)
    {
        var table = new ReportTable(
            ReportTable.Text("layer"), ReportTable.Text("kind", rank: 2), ReportTable.Text("output"), ReportTable.Number("parameters"),
            ReportTable.Number("MFLOP"), ReportTable.Number("memory", rank: 1))
        {
            Title = $"{model.Name}: input {model.Input}; MFLOP and memory of activations per sample",
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
        return layers;
    }

    private static void Show(Reporter reporter, Model model)
    {
        var layers = ShowLayers(reporter, model);
        var optimizer = model.Recipe.Optimizer;
        var rule = optimizer.Kind.ToString().ToLowerInvariant();
        reporter.Line(
            $"{Units.Count(model.ParameterCount)} parameters ({Units.Bytes(4 * model.ParameterCount)}), "
            + $"{Units.Short(2e-6 * model.MultiplyAdds)} MFLOP per image in the forward pass.");
        reporter.Line(
            $"Recipe: {rule}, learning rate {Units.Short(optimizer.LearningRate)}, "
            + $"weight decay {Units.Short(optimizer.WeightDecay)}, loss {RunSettings.NameOf(model.Recipe.Loss)}.");
        var other = model.Discriminator is { } discriminator ? ShowLayers(reporter, discriminator) : null;
        if (model.Discriminator is not null) reporter.Line($"{Units.Count(model.Discriminator.ParameterCount)} parameters of the discriminator.");
        reporter.Result(new JsonRecord().Add("model", model.Name).Add("input", $"{model.Input}").Add("output", $"{model.Output}")
            .Add("parameters", model.ParameterCount)
            .Add("forward_flop", 2 * model.MultiplyAdds).Add("parameter_bytes", 4 * model.ParameterCount).Add("loss", RunSettings.NameOf(model.Recipe.Loss))
            .Add("optimizer", rule).Add("learning_rate", optimizer.LearningRate).Add("weight_decay", optimizer.WeightDecay)
            .Add("layers", layers).Add("discriminator_layers", other));
    }
}

using System.Xml.Linq;
using Gpu.Cli.Output;

namespace Gpu.Cli.Reports;

/// <summary>The network, the configuration and the command that reproduces the run.</summary>
internal static class SetupSection
{
    /// <summary>The sections.</summary>
    public static IEnumerable<XElement> Draw(RunView run)
    {
        var model = run.Folder.Model;
        var layers = model.Nodes.SelectMany(node => node.Flatten()).Select(node =>
        {
            // The line of a block shows its output only.
            var isBlock = node.Children.Count > 0;
            return (object[])
            [
                node.Name, node.Kind, $"{node.Output}", isBlock || node.ParameterCount == 0 ? "" : Units.Count(node.ParameterCount),
                isBlock || node.MultiplyAdds == 0 ? "" : Units.Short(2e-6 * node.MultiplyAdds),
            ];
        });
        yield return Html.Section(
            "Network",
            Html.E(
                "p", Html.A("class", "soft"),
                $"{model.Name}: input {model.Input}, {Units.Count(model.ParameterCount, "parameter")}, "
                + $"{Units.Short(2e-6 * model.MultiplyAdds)} MFLOP per sample in the forward pass."),
            Html.Table(["layer", "kind", "output", "parameters#", "MFLOP#"], layers));
        yield return Html.Section(
            "Configuration",
            Html.Div("settings", run.Settings().Select(setting => Html.E("div", Html.E("span", setting.Name), Html.E("b", setting.Value)))));
        var commands = run.Folder.Configuration.Options.Commands;
        if (commands.Count > 0)
            yield return Html.Section("Reproduce", Html.E("pre", string.Join('\n', commands)));
    }
}

using Gpu.Cli.Checks;
using Gpu.Cli.Checks.References;
using Gpu.Kernels;
using Gpu.Training.Layers;
using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Planning;

/// <summary>
/// The training-mode forward pass and the loss of a model in double precision, as plain loops. Central differences of it check the gradients. It shares no code
/// with plans and kernels.
/// </summary>
internal sealed class ReferenceNetwork(Model model, ulong seed, float stochasticDepth = 0)
{
    public Dictionary<string, double[]> Parameters { get; } = model.Parameters.ToDictionary(parameter => parameter.Name, parameter =>
        new double[parameter.Length]);

    /// <summary>The outputs for a batch, [batch][output].</summary>
    public double[][] Forward(double[][] inputs) => Run(model.Nodes, inputs);

    /// <summary>Mean softmax cross-entropy.</summary>
    public double CrossEntropy(double[][] inputs, int[] labels)
    {
        var sum = 0.0;
        var outputs = Forward(inputs);
        for (var n = 0; n < outputs.Length; n++)
        {
            var largest = outputs[n].Max();
            sum += Math.Log(outputs[n].Sum(x => Math.Exp(x - largest))) + largest - outputs[n][labels[n]];
        }

        return sum / outputs.Length;
    }

    /// <summary>Mean squared error over all outputs.</summary>
    public double SquaredError(double[][] inputs, double[][] targets) =>
        Forward(inputs).Zip(targets, (output, target) => output.Zip(target, (a, b) => (a - b) * (a - b)).Average()).Average();

    private static double Apply(Activation f, double x) => ActivationReference.Value(f, x);

    private static double[][] Apply(Activation f, double[][] x) => [.. x.Select(row => row.Select(v => Apply(f, v)).ToArray())];

    private double[][] Run(IEnumerable<LayerNode> nodes, double[][] x)
    {
        // values[0] is the input of the block.
        var values = new List<double[][]> { x };
        foreach (var node in nodes) values.Add(node.Layer is MergeLayer ? Merge(node, [.. node.Sources.Select(i => values[i + 1])])
            : Run(node, values[node.Sources.Single() + 1]));
        return values[^1];
    }

    private static double[][] Merge(LayerNode node, double[][][] inputs)
    {
        if (node.Layer is AddLayer add)
            return Apply(add.Activation, [.. inputs[0].Select((row, n) => row.Select((_, i) => inputs.Sum(input => input[n][i])).ToArray())]);
        return [.. inputs[0].Select((_, n) => Enumerable.Range(0, node.Output.Positions).SelectMany(p => inputs.SelectMany(input =>
        {
            var channels = input[n].Length / node.Output.Positions;
            return input[n].Skip(p * channels).Take(channels);
        })).ToArray())];
    }

    private double[][] Run(LayerNode node, double[][] x) => node.Layer switch
    {
        Conv2dLayer layer => Apply(layer.Activation, [.. x.Select(sample => Convolve(layer, node, sample))]),
        ConvTranspose2dLayer layer => Apply(layer.Activation, [.. x.Select(sample => ConvolveTransposed(layer, node, sample))]),
        DenseLayer layer => Apply(layer.Activation, [.. x.Select(sample => Dense(node, sample))]),
        BatchNormLayer layer => Apply(layer.Activation, Normalize(layer, node, x)),
        MaxPool2dLayer layer => [.. x.Select(sample => Pool(node, sample, layer.Window, layer.Stride ?? layer.Window, layer.Padding, (values, _) =>
            values.Max()))],
        AvgPool2dLayer layer => [.. x.Select(sample => Pool(
            node, sample, layer.Window, layer.Stride ?? layer.Window, layer.Padding, (values, taps) =>
                values.Sum() / (layer.CountPadding ? taps : values.Count)))],
        GlobalAvgPool2dLayer => [.. x.Select(sample => Enumerable.Range(0, node.Input.Channels)
            .Select(c => Enumerable.Range(0, node.Input.Positions).Average(p => sample[p * node.Input.Channels + c])).ToArray())],
        FlattenLayer => x,
        ActivationLayer layer => Apply(layer.Function, x),
        DropoutLayer layer => Drop(layer, node, x),
        UpsampleLayer layer => [.. x.Select(sample => Upsample(node, sample, layer.Factor))],
        SequenceBlock => Run(node.Children, x),
        ResidualBlock layer => Residual(layer, node, x),
        _ => throw new NotSupportedException(node.Kind),
    };

    private static double[] Standardize(double[] weights, int filters) => [.. weights.Select((w, i) =>
    {
        var column = Enumerable.Range(0, weights.Length / filters).Select(row => weights[row * filters + i % filters]).ToArray();
        var mean = column.Average();
        return (w - mean) / Math.Sqrt(column.Average(v => (v - mean) * (v - mean)) + WeightStandardization.Epsilon);
    })];

    private double[] Convolve(Conv2dLayer layer, LayerNode node, double[] x)
    {
        var (input, output) = (node.Input, node.Output);
        var weights = Parameters[node.Name + ".weight"];
        if (layer.WeightStandardization) weights = Standardize(weights, output.Channels);
        var bias = Parameters.GetValueOrDefault(node.Name + ".bias");
        var span = new Extent((layer.Kernel.Height - 1) * layer.Dilation.Height + 1, (layer.Kernel.Width - 1) * layer.Dilation.Width + 1);
        var padding = layer.Padding.Resolve(input.Height, input.Width, span, layer.Stride);
        var (perIn, perOut) = (input.Channels / layer.Groups, output.Channels / layer.Groups);
        var y = new double[output.Length];
        for (var oy = 0; oy < output.Height; oy++)
            for (var ox = 0; ox < output.Width; ox++)
                for (var k = 0; k < output.Channels; k++)
                {
                    var sum = bias?[k] ?? 0;
                    for (var ky = 0; ky < layer.Kernel.Height; ky++)
                        for (var kx = 0; kx < layer.Kernel.Width; kx++)
                        {
                            var iy = oy * layer.Stride.Height - padding.Top + ky * layer.Dilation.Height;
                            var ix = ox * layer.Stride.Width - padding.Left + kx * layer.Dilation.Width;
                            if (iy < 0 || ix < 0 || iy >= input.Height || ix >= input.Width) continue;
                            for (var c = 0; c < perIn; c++)
                            {
                                sum += x[(iy * input.Width + ix) * input.Channels + k / perOut * perIn + c]
                                    * weights[((ky * layer.Kernel.Width + kx) * perIn + c) * output.Channels + k];
                            }
                        }

                    y[(oy * output.Width + ox) * output.Channels + k] = sum;
                }

        return y;
    }

    // Scatters each input over the outputs that its kernel reaches.
    private double[] ConvolveTransposed(ConvTranspose2dLayer layer, LayerNode node, double[] x)
    {
        var (input, output) = (node.Input, node.Output);
        var weights = Parameters[node.Name + ".weight"];
        var bias = Parameters.GetValueOrDefault(node.Name + ".bias");
        var span = new Extent((layer.Kernel.Height - 1) * layer.Dilation.Height + 1, (layer.Kernel.Width - 1) * layer.Dilation.Width + 1);
        var padding = layer.Padding.Resolve(output.Height, output.Width, span, layer.Stride);
        var (perIn, perOut) = (input.Channels / layer.Groups, output.Channels / layer.Groups);
        var y = new double[output.Length];
        for (var i = 0; i < y.Length; i++) y[i] = bias?[i % output.Channels] ?? 0;
        for (var iy = 0; iy < input.Height; iy++)
            for (var ix = 0; ix < input.Width; ix++)
                for (var k = 0; k < input.Channels; k++)
                    for (var ky = 0; ky < layer.Kernel.Height; ky++)
                        for (var kx = 0; kx < layer.Kernel.Width; kx++)
                        {
                            var oy = iy * layer.Stride.Height - padding.Top + ky * layer.Dilation.Height;
                            var ox = ix * layer.Stride.Width - padding.Left + kx * layer.Dilation.Width;
                            if (oy < 0 || ox < 0 || oy >= output.Height || ox >= output.Width) continue;
                            for (var c = 0; c < perOut; c++)
                            {
                                y[(oy * output.Width + ox) * output.Channels + k / perIn * perOut + c] += x[(iy * input.Width + ix) * input.Channels + k]
                                    * weights[((ky * layer.Kernel.Width + kx) * perOut + c) * input.Channels + k];
                            }
                        }

        return y;
    }

    private double[] Dense(LayerNode node, double[] x)
    {
        var weights = Parameters[node.Name + ".weight"];
        var bias = Parameters.GetValueOrDefault(node.Name + ".bias");
        var units = node.Output.Length;
        return [.. Enumerable.Range(0, units).Select(k => (bias?[k] ?? 0) + x.Select((value, c) => value * weights[c * units + k]).Sum())];
    }

    private double[][] Normalize(BatchNormLayer layer, LayerNode node, double[][] x)
    {
        var channels = node.Input.Channels;
        var (gamma, beta) = (Parameters[node.Name + ".gamma"], Parameters[node.Name + ".beta"]);
        var y = x.Select(sample => new double[sample.Length]).ToArray();
        for (var c = 0; c < channels; c++)
        {
            var values = x.SelectMany(sample => Enumerable.Range(0, node.Input.Positions).Select(p => sample[p * channels + c])).ToArray();
            var mean = values.Average();
            var deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)) + layer.Epsilon);
            for (var n = 0; n < x.Length; n++)
                for (var p = 0; p < node.Input.Positions; p++)
                    y[n][p * channels + c] = gamma[c] * (x[n][p * channels + c] - mean) / deviation + beta[c];
        }

        return y;
    }

    private static double[] Pool(LayerNode node, double[] x, Extent window, Extent stride, Padding given, Func<List<double>, int, double> reduce)
    {
        var (input, output) = (node.Input, node.Output);
        var padding = given.Resolve(input.Height, input.Width, window, stride);
        var y = new double[output.Length];
        for (var oy = 0; oy < output.Height; oy++)
            for (var ox = 0; ox < output.Width; ox++)
                for (var c = 0; c < output.Channels; c++)
                {
                    var values = new List<double>();
                    for (var ky = 0; ky < window.Height; ky++)
                        for (var kx = 0; kx < window.Width; kx++)
                        {
                            var (iy, ix) = (oy * stride.Height - padding.Top + ky, ox * stride.Width - padding.Left + kx);
                            if (iy >= 0 && ix >= 0 && iy < input.Height && ix < input.Width) values.Add(x[(iy * input.Width + ix) * input.Channels + c]);
                        }

                    y[(oy * output.Width + ox) * output.Channels + c] = reduce(values, window.Height * window.Width);
                }

        return y;
    }

    private static double[] Upsample(LayerNode node, double[] x, int factor)
    {
        var y = new double[node.Output.Length];
        for (var i = 0; i < y.Length; i++)
        {
            var (position, c) = (i / node.Output.Channels, i % node.Output.Channels);
            y[i] = x[(position / node.Output.Width / factor * node.Input.Width + position % node.Output.Width / factor) * node.Input.Channels + c];
        }

        return y;
    }

    private double[][] Drop(DropoutLayer layer, LayerNode node, double[][] x)
    {
        var layerSeed = Gpu.Training.Initialization.NamedSeed.Of(seed, node.Name);
        if (layer.Spatial)
        {
            return [.. x.Select((sample, n) => sample.Select((value, i) => DropoutMask.KeepsTogether(
                layerSeed, 0, n * node.Input.Channels + i % node.Input.Channels, layer.Probability) ? value / (1 - layer.Probability) : 0).ToArray())];
        }

        var flat = x.SelectMany(sample => sample).Select((value, e) => DropoutMask.Keeps(layerSeed, 0, e, layer.Probability)
            ? value / (1 - layer.Probability) : 0).ToArray();
        return [.. flat.Chunk(node.Input.Length)];
    }

    private double[][] Residual(ResidualBlock layer, LayerNode node, double[][] x)
    {
        var body = Run(node.Children.Take(layer.Body.Count), x);
        if (stochasticDepth > 0)
        {
            var blocks = model.Nodes.SelectMany(each => each.Flatten()).Where(each => each.Layer is ResidualBlock).ToList();
            var probability = stochasticDepth * (blocks.IndexOf(node) + 1) / blocks.Count;
            var depthSeed = Gpu.Training.Initialization.NamedSeed.Of(seed, node.Name + ".depth");
            body = [.. body.Select((sample, n) => sample.Select(value =>
                DropoutMask.KeepsTogether(depthSeed, 0, n, probability) ? value / (1 - probability) : 0).ToArray())];
        }

        var shortcut = Run(node.Children.Skip(layer.Body.Count), x);
        if (layer.Shortcut == Shortcut.ZeroPadded) shortcut = [.. x.Select(sample => ZeroPadded(node, sample))];
        return Apply(layer.Activation, [.. body.Zip(shortcut, (a, b) => a.Zip(b, (u, v) => u + v).ToArray())]);
    }

    private static double[] ZeroPadded(LayerNode node, double[] x)
    {
        var (input, output) = (node.Input, node.Output);
        var stride = (input.Height + output.Height - 1) / output.Height;
        var before = (output.Channels - input.Channels) / 2;
        var y = new double[output.Length];
        for (var oy = 0; oy < output.Height; oy++)
            for (var ox = 0; ox < output.Width; ox++)
                for (var c = 0; c < input.Channels; c++)
                    y[(oy * output.Width + ox) * output.Channels + before + c] = x[(oy * stride * input.Width + ox * stride) * input.Channels + c];
        return y;
    }
}

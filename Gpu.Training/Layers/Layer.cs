using Gpu.Training.Loop;
using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>
/// The immutable description of a layer. It infers shapes, declares parameters, and adds its operations to a plan; it holds no device memory.
/// A new kind of layer is one class with a <see cref="LayerKindAttribute"/>. Its public settable properties are its properties in model files.
/// </summary>
public abstract class Layer
{
    /// <summary>The name of the layer within its block; null for an automatic name such as <c>conv1</c>.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// The names of the layers whose outputs the layer reads: layers before it in the same block, or <c>input</c> for the input of the block (at the top, that
    /// of the model). Null for the preceding layer.
    /// </summary>
    public IReadOnlyList<string>? Inputs { get; init; }

    /// <summary>
    /// Weight decay of the layer's parameters, and of those in it, instead of that of the optimizer; 0 for none, null for the optimizer's. It applies to the
    /// same kinds of parameters (<see cref="OptimizerOptions.DecayOn"/>).
    /// </summary>
    public float? WeightDecay { get; init; }

    /// <summary>Coefficient of the L1 penalty, as <see cref="WeightDecay"/>.</summary>
    public float? L1 { get; init; }

    /// <summary>Largest norm of the incoming weights of each unit or filter instead of that of the optimizer; 0 for none, null for the optimizer's.</summary>
    public float? MaxNorm { get; init; }

    /// <summary>Factor of the learning rate of the layer's parameters, and of those in it, above 0; null for 1.</summary>
    public float? LearningRateScale { get; init; }

    /// <summary>Computes the output shape of a sample from its input shape.</summary>
    /// <exception cref="ShapeException">the layer does not accept the input; the message says what was found, what is needed and what to do</exception>
    public abstract TensorShape InferShape(TensorShape input);

    /// <summary>The parameters and running statistics of the layer for an input shape.</summary>
    public virtual IEnumerable<ParameterDeclaration> DeclareParameters(TensorShape input) => [];

    /// <summary>Multiply-adds of the forward pass of one sample. Only convolution and dense layers count theirs; other layers return 0.</summary>
    public virtual long CountMultiplyAdds(TensorShape input, TensorShape output) => 0;

    /// <summary>Assigns the layer's name and infers its shapes and parameters. Layers that contain other layers override it.</summary>
    /// <param name="names">assigns the name</param>
    /// <param name="input">the input shape of a sample</param>
    /// <exception cref="ModelException">the layer does not accept the input; the message names the layer</exception>
    public virtual LayerNode Resolve(NameScope names, TensorShape input)
    {
        var name = names.AssignName(this);
        var output = WithLayerName(name, () => InferShape(input));
        var parameters = WithLayerName(name, () => DeclareParameters(input).Select(declaration =>
            new ModelParameter($"{name}.{declaration.Name}", declaration)).ToArray());
        return new LayerNode(this, name, input, output, parameters, []);
    }

    /// <summary>Assigns the layer's name and infers its shapes and parameters from all its inputs. <see cref="MergeLayer"/> takes several.</summary>
    internal virtual LayerNode ResolveInputs(NameScope names, IReadOnlyList<NamedShape> inputs)
    {
        if (inputs.Count == 1) return Resolve(names, inputs[0].Shape);
        throw new ModelException(
            $"Layer '{names.AssignName(this)}' ({LayerRegistry.KindOf(this)}): it has {inputs.Count} inputs "
            + $"({string.Join(", ", inputs.Select(input => input.Name))}), but takes one. Merge them with a layer of type addition or concatenation.");
    }

    /// <summary>Adds the layer's operations to a plan, for all its inputs.</summary>
    internal virtual PlanTensor EmitInputs(PlanBuilder plan, LayerNode node, IReadOnlyList<PlanTensor> inputs) => Emit(plan, node, inputs[0]);

    /// <summary>Adds the layer's operations to a plan.</summary>
    /// <param name="plan">the plan that is built</param>
    /// <param name="node">this layer's name, shapes and parameters in the model</param>
    /// <param name="input">the layer's input</param>
    /// <returns>the layer's output</returns>
    public abstract PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input);

    /// <summary>Runs a shape inference, and adds the layer's name to its errors.</summary>
    /// <param name="name">the layer's full name</param>
    /// <param name="infer">the shape inference; throws <see cref="ShapeException"/></param>
    /// <exception cref="ModelException">the shape inference failed</exception>
    protected T WithLayerName<T>(string name, Func<T> infer)
    {
        try
        {
            return infer();
        }
        catch (ShapeException e)
        {
            throw new ModelException($"Layer '{name}' ({LayerRegistry.KindOf(this)}): {e.Message}", e);
        }
        catch (ArgumentException e)
        {
            // From the limits of Gpu.Kernels: a size of a tensor, a parameter or a workspace.
            throw new ModelException($"Layer '{name}' ({LayerRegistry.KindOf(this)}): {e.Message}.", e);
        }
    }

    /// <summary>Checks that the input is an image.</summary>
    /// <exception cref="ShapeException">the input is a list of features</exception>
    protected static void RequireImage(TensorShape input)
    {
        if (!input.IsImage)
            throw new ShapeException($"its input is {input} features, but it needs an image (height x width x channels). Put it before flatten "
                + "and dense layers, or give the model an image as its input.");
    }

    /// <summary>Checks that a property is in a range.</summary>
    /// <param name="property">the name of the property in model files</param>
    /// <param name="value">its value</param>
    /// <param name="least">the minimum, inclusive</param>
    /// <param name="most">the maximum, inclusive</param>
    /// <exception cref="ShapeException">the value is outside the range</exception>
    protected static void RequireRange(string property, double value, double least, double most = double.PositiveInfinity)
    {
        if (value >= least && value <= most) return;
        var range = double.IsPositiveInfinity(most) ? $"at least {least}" : $"{least} to {(most > 1000 ? $"{most:N0}" : $"{most}")}";
        throw new ShapeException($"{property} is {NumberText.Of(value)}, but must be {range}.");
    }
}

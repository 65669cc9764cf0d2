using Gpu.Training.Models;
using Gpu.Training.Planning;
using Gpu.Training.Shapes;

namespace Gpu.Training.Layers;

/// <summary>
/// The description of a layer: immutable, without memory. It infers shapes, declares parameters, and puts its operations into a plan.
/// A new kind is one class with a <see cref="LayerKindAttribute"/>; its public settable properties are its properties in model files.
/// </summary>
public abstract class Layer
{
    /// <summary>The layer's name; null for an automatic one (<c>conv1</c>).</summary>
    public string? Name { get; init; }

    /// <summary>The shape that goes out for the shape that comes in.</summary>
    /// <exception cref="ShapeException">the layer does not take the input; the message says what it got, what it needs and what to do</exception>
    public abstract TensorShape InferShape(TensorShape input);

    /// <summary>The numbers that the layer keeps, for the shape that comes in.</summary>
    public virtual IEnumerable<ParameterDeclaration> DeclareParameters(TensorShape input) => [];

    /// <summary>Multiply-adds of one sample's forward pass; only convolution and dense layers count theirs.</summary>
    public virtual long CountMultiplyAdds(TensorShape input, TensorShape output) => 0;

    /// <summary>Names the layer and works out its shapes and parameters. A layer that contains others overrides it.</summary>
    /// <exception cref="ModelException">the layer does not take the input; the message names it</exception>
    public virtual LayerNode Resolve(NameScope names, TensorShape input)
    {
        var name = names.Take(this);
        var output = Named(name, () => InferShape(input));
        var parameters = Named(name, () => DeclareParameters(input).Select(declaration =>
            new ModelParameter($"{name}.{declaration.Name}", declaration)).ToArray());
        return new LayerNode(this, name, input, output, parameters, []);
    }

    /// <summary>Puts the layer's operations into a plan and returns what comes out of them.</summary>
    /// <param name="plan">takes the operations</param>
    /// <param name="node">the layer in its place: name, shapes, parameters</param>
    /// <param name="input">what comes in</param>
    public abstract PlanTensor Emit(PlanBuilder plan, LayerNode node, PlanTensor input);

    /// <summary>Adds the layer's name to what a shape inference has to say.</summary>
    protected T Named<T>(string name, Func<T> infer)
    {
        try
        {
            return infer();
        }
        catch (ShapeException e)
        {
            throw new ModelException($"Layer '{name}' ({LayerRegistry.KindOf(this)}): {e.Message}", e);
        }
        catch (OverflowException e)
        {
            throw new ModelException($"Layer '{name}' ({LayerRegistry.KindOf(this)}): a tensor or parameter would have more than {int.MaxValue:N0} "
                + "values. Make it smaller.", e);
        }
    }

    /// <summary>Throws unless the input is an image.</summary>
    protected static void RequireImage(TensorShape input)
    {
        if (!input.IsImage)
            throw new ShapeException($"it got {input} features, but needs an image (height x width x channels). Put it before flatten and dense "
                + "layers, or give the model an image as its input.");
    }

    /// <summary>Throws unless the value lies in the range.</summary>
    protected static void RequireRange(string property, double value, double least, double most = double.PositiveInfinity)
    {
        if (value >= least && value <= most) return;
        var range = double.IsPositiveInfinity(most) ? $"at least {least}" : $"{least} to {most}";
        throw new ShapeException($"{property} is {value}, but must be {range}.");
    }
}

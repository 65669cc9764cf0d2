namespace Gpu.Kernels.Activations;

/// <summary>Something to be called with an activation function as a type.</summary>
internal interface IActivationCall
{
    void With<TActivation>()
        where TActivation : struct, IActivation;
}

/// <summary>From the value that names an activation function to the type that is one.</summary>
internal static class ActivationDispatch
{
    public static void Call<TCall>(ActivationKind kind, ref TCall call)
        where TCall : struct, IActivationCall
    {
        switch (kind)
        {
            case ActivationKind.Identity: call.With<Identity>(); break;
            case ActivationKind.Relu: call.With<Relu>(); break;
            default: throw new ArgumentOutOfRangeException(nameof(kind), kind, "not an activation function");
        }
    }
}

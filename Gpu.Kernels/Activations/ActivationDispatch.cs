namespace Gpu.Kernels.Activations;

/// <summary>Something to be called with an activation function as a type.</summary>
internal interface IActivationCall
{
    void Invoke<TActivation>()
        where TActivation : struct, IActivation;
}

/// <summary>From the value that names an activation function to the type that is one.</summary>
internal static class ActivationDispatch
{
    /// <exception cref="ArgumentOutOfRangeException">not one of the functions</exception>
    public static void Call<TCall>(ActivationKind kind, ref TCall call)
        where TCall : struct, IActivationCall
    {
        switch (kind)
        {
            case ActivationKind.Identity: call.Invoke<Identity>(); break;
            case ActivationKind.Relu: call.Invoke<Relu>(); break;
            case ActivationKind.LeakyRelu: call.Invoke<LeakyRelu>(); break;
            case ActivationKind.Sigmoid: call.Invoke<Sigmoid>(); break;
            case ActivationKind.Tanh: call.Invoke<Tanh>(); break;
            case ActivationKind.Gelu: call.Invoke<Gelu>(); break;
            case ActivationKind.Silu: call.Invoke<Silu>(); break;
            default: throw new ArgumentOutOfRangeException(nameof(kind), kind, "not an activation function");
        }
    }
}

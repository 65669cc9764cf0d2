namespace Gpu.Kernels.Activations;

/// <summary>A generic call that receives an activation as a type argument.</summary>
internal interface IActivationCall
{
    /// <summary>Makes the call.</summary>
    void Invoke<TActivation>()
        where TActivation : struct, IActivation;
}

/// <summary>Maps an <see cref="ActivationKind"/> to its type, so that kernels are compiled for the activation.</summary>
internal static class ActivationDispatch
{
    /// <summary>Invokes <paramref name="call"/> with the type of an activation.</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="kind"/> is not an activation</exception>
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
            case ActivationKind.Softplus: call.Invoke<Softplus>(); break;
            default: throw new ArgumentOutOfRangeException(nameof(kind), kind, "not an activation function");
        }
    }
}

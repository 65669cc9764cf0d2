namespace Gpu.Kernels.Backends;

/// <summary>Four floats. ILGPU keeps the fields in registers and loads and stores the struct as one 128-bit access.</summary>
internal struct Float4(float x, float y, float z, float w)
{
    /// <summary>Lane 0.</summary>
    public float X = x;

    /// <summary>Lane 1.</summary>
    public float Y = y;

    /// <summary>Lane 2.</summary>
    public float Z = z;

    /// <summary>Lane 3.</summary>
    public float W = w;
}

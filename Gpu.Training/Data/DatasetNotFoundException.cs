namespace Gpu.Training.Data;

/// <summary>A data set has an unknown name, its folder does not exist, or its files are not on this machine. The message says how to get it.</summary>
public sealed class DatasetNotFoundException : DatasetException
{
    /// <summary>Creates the exception with its complete message.</summary>
    public DatasetNotFoundException(string message) : base(message)
    {
    }
}

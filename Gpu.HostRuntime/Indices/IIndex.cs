namespace ILGPU;

/// <summary>An index or an extent of one to three dimensions.</summary>
public interface IIndex
{
    /// <summary>The number of elements that an extent of this value spans.</summary>
    long Size { get; }
}

namespace Gpu.Kernels.Devices;

/// <summary>How a <see cref="RecordedStep"/> is launched.</summary>
public enum LaunchMode
{
    /// <summary>Its next run launches one by one, and makes sure that all is compiled and loaded before a graph is made of it.</summary>
    WarmUp,

    /// <summary>Its launches were, or will at the next run be, made into a graph: one launch for all.</summary>
    Graph,

    /// <summary>One launch after another; <see cref="RecordedStep.NoGraphReason"/> says why.</summary>
    Plain,
}

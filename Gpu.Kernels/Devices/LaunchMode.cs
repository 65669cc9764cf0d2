namespace Gpu.Kernels.Devices;

/// <summary>How a <see cref="RecordedStep"/> launches its next run.</summary>
public enum LaunchMode
{
    /// <summary>Launch by launch. The run makes sure that all kernels are compiled and loaded, as the capture of a graph requires.</summary>
    WarmUp,

    /// <summary>As a graph, with a single launch. If there is no graph yet, the next run captures it.</summary>
    Graph,

    /// <summary>Launch by launch, in every run; <see cref="RecordedStep.NoGraphReason"/> says why.</summary>
    Plain,
}

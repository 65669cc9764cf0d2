using System.Net;

namespace Gpu.Cli.Serving;

/// <summary>Settings of <see cref="RunServer"/>.</summary>
internal sealed record ServeSettings
{
    /// <summary>The folder that contains the run folders.</summary>
    public required string Root { get; init; }

    /// <summary>The address to listen on.</summary>
    public IPAddress Address { get; init; } = IPAddress.Loopback;

    /// <summary>The port; 0 lets the system choose a free one.</summary>
    public int Port { get; init; }

    /// <summary>The text that every request must show; null for none, which is allowed on loopback addresses only.</summary>
    public string? Token { get; init; }

    /// <summary>The most bytes of the body of a request.</summary>
    public int MostBodyBytes { get; init; } = 20_000_000;

    /// <summary>The most pixels of an image to classify.</summary>
    public int MostPixels { get; init; } = 40_000_000;

    /// <summary>The most images that are decoded or wait for the network at a time; more are refused with 503.</summary>
    public int QueueLength { get; init; } = 128;

    /// <summary>How long a request may take from its body to its result.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The clock of <see cref="Timeout"/>.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>How long the first image of a batch waits for others.</summary>
    public TimeSpan BatchDelay { get; init; } = TimeSpan.FromMilliseconds(3);

    /// <summary>The most images of a batch.</summary>
    public int Batch { get; init; } = 64;

    /// <summary>How often the files of a run that trains are looked at.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromMilliseconds(500);
}

using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

/// <summary>A value of k of an implicit GEMM, (tapY * tapsX + tapX) * channels + channel, that advances without divisions.</summary>
internal struct TapIterator
{
    public int Channel, TapX, TapY;

    /// <summary>Returns the tap and the channel of a value of k.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TapIterator At(int number, int channels, int tapsX)
    {
        var tap = number / channels;
        TapIterator position;
        position.Channel = number - tap * channels;
        position.TapY = tap / tapsX;
        position.TapX = tap - position.TapY * tapsX;
        return position;
    }

    /// <summary><see cref="Advance"/> without branches, by at most the number of channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AdvanceWithin(int by, int channels, int tapsX)
    {
        Channel += by;
        var wraps = (channels - 1 - Channel) >> 31;
        Channel -= wraps & channels;
        TapX -= wraps;
        wraps = (tapsX - 1 - TapX) >> 31;
        TapX -= wraps & tapsX;
        TapY -= wraps;
    }

    /// <summary>Adds to k. After the last tap, TapY continues to count.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Advance(int by, int channels, int tapsX)
    {
        Channel += by;
        while (Channel >= channels)
        {
            Channel -= channels;
            TapX++;
            if (TapX < tapsX) continue;
            TapX = 0;
            TapY++;
        }
    }
}

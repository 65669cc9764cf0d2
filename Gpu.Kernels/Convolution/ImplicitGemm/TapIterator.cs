using System.Runtime.CompilerServices;

namespace Gpu.Kernels.Convolution;

/// <summary>A place on the way through the taps of a convolution and the channels of each: number = (tapY * TapsX + tapX) * channels + channel.</summary>
internal struct TapIterator
{
    public int Channel, TapX, TapY;

    /// <summary>The place with a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TapIterator At(int number, int channels, int tapsX)
    {
        var tap = number / channels;
        TapIterator walk;
        walk.Channel = number - tap * channels;
        walk.TapY = tap / tapsX;
        walk.TapX = tap - walk.TapY * tapsX;
        return walk;
    }

    /// <summary>As <see cref="Advance"/>, by no more than there are channels: without branches.</summary>
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

    /// <summary>Moves on; behind the last tap the rows go on.</summary>
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

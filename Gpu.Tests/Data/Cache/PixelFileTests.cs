using Gpu.Tests.IO;
using Gpu.Training.Data.Cache;

namespace Gpu.Tests.Data.Cache;

public class PixelFileTests
{
    private static readonly PixelFileHeader Header = new(5, 3, 4, 3, 42);

    [Fact]
    public void ImagesAndTheirSumsRoundTrip()
    {
        using var folder = new TempFolder();
        var images = Write(folder.File("x.pixels"), missing: 3);
        using var file = PixelFile.Open(folder.File("x.pixels"));
        Assert.Equal(Header, file.Header);
        for (var i = 0; i < Header.Count; i++)
        {
            Assert.Equal(i == 3, file.IsMissing(i));
            if (i == 3) continue;
            var pixels = new byte[Header.ImageBytes];
            file.Read(i, pixels);
            Assert.Equal(images[i], pixels);
            // Image 0 is gray.
            Assert.Equal(i == 0, file.IsGray(i));
            for (var c = 0; c < 3; c++)
            {
                var values = images[i].Where((_, at) => at % 3 == c).Select(value => (long)value).ToArray();
                Assert.Equal(((ulong)values.Sum(), (ulong)values.Sum(value => value * value)), file.Sums(i, c));
            }
        }
    }

    [Fact]
    public void EveryChangedByteIsNoticed()
    {
        using var folder = new TempFolder();
        Write(folder.File("x.pixels"));
        var bytes = File.ReadAllBytes(folder.File("x.pixels"));
        var noticed = 0;
        for (var i = 0; i < bytes.Length; i++)
        {
            // The rest of the header and the padding before the pixels are not used.
            var tableEnd = PixelFile.HeaderBytes + (Header.Count * PixelFile.EntryBytes);
            if (i is >= 48 and < PixelFile.HeaderBytes || (i >= tableEnd && i < PixelFile.PixelOffset(Header.Count))) continue;
            var changed = (byte[])bytes.Clone();
            changed[i] ^= 0x10;
            File.WriteAllBytes(folder.File("y.pixels"), changed);
            try
            {
                using var file = PixelFile.Open(folder.File("y.pixels"));
                // The key is not checked here, but is not the one that is looked for.
                Assert.True(file.Header.Key != Header.Key || i >= 48, $"byte {i}");
                if (i < 48) continue;
                var pixels = new byte[Header.ImageBytes];
                Assert.Throws<InvalidDataException>(() =>
                {
                    for (var image = 0; image < Header.Count; image++) file.Read(image, pixels);
                });
                noticed++;
            }
            catch (InvalidDataException)
            {
                noticed++;
            }
        }

        Assert.True(noticed > Header.Count * Header.ImageBytes);
    }

    [Fact]
    public void TruncatedFilesAreErrors()
    {
        using var folder = new TempFolder();
        Write(folder.File("x.pixels"));
        var bytes = File.ReadAllBytes(folder.File("x.pixels"));
        foreach (var length in new[] { 0, 10, 63, 64, 300, bytes.Length - 1 })
        {
            File.WriteAllBytes(folder.File("y.pixels"), bytes[..length]);
            Assert.Throws<InvalidDataException>(() => PixelFile.Open(folder.File("y.pixels")));
        }
    }

    [Fact]
    public void AnIncompleteFileIsRemoved()
    {
        using var folder = new TempFolder();
        using (var writer = new PixelFileWriter(folder.File("x.pixels"), Header)) writer.Write(0, new byte[Header.ImageBytes], 0);
        Assert.Empty(Directory.GetFiles(folder.Path));
    }

    internal static void WriteSample(string path) => Write(path);

    private static byte[][] Write(string path, int missing = -1)
    {
        var random = new Random(1);
        var images = Enumerable.Range(0, Header.Count).Select(i =>
        {
            var pixels = new byte[Header.ImageBytes];
            random.NextBytes(pixels);
            if (i == 0)
                for (var at = 0; at < pixels.Length; at++) pixels[at] = pixels[at / 3 * 3];
            return pixels;
        }).ToArray();
        using var writer = new PixelFileWriter(path, Header);
        Parallel.For(0, Header.Count, i =>
        {
            if (i != missing) writer.Write(i, images[i], (UInt128)i << 64 | 7);
        });
        writer.Complete();
        return images;
    }
}

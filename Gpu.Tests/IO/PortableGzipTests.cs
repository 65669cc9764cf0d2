using System.IO.Compression;
using Gpu.Training.Data.Digits;
using Gpu.Training.IO;

namespace Gpu.Tests.IO;

public class PortableGzipTests
{
    public static TheoryData<string> Contents => ["empty", "one byte", "one value", "noise", "sparse", "text", "steep"];

    [Theory]
    [MemberData(nameof(Contents))]
    public void OtherDecompressorReadsIt(string kind)
    {
        var content = Make(kind);
        var compressed = PortableGzip.Compress(content);
        using var gzip = new GZipStream(new MemoryStream(compressed), CompressionMode.Decompress);
        using var result = new MemoryStream();
        gzip.CopyTo(result);
        Assert.Equal(content, result.ToArray());
    }

    [Fact]
    public void CompressesImagesAboutAsWellAsZlib()
    {
        var content = DigitsGenerator.Generate(1, 500, 1).Train.Pixels;
        using var reference = new MemoryStream();
        using (var gzip = new GZipStream(reference, CompressionLevel.Optimal, leaveOpen: true))
            gzip.Write(content);
        Assert.InRange(PortableGzip.Compress(content).Length, 1, reference.Length * 1.05);
    }

    private static byte[] Make(string kind)
    {
        var random = new Random(5);
        var content = kind switch { "empty" => [], "one byte" => new byte[1], _ => new byte[300_000] };
        switch (kind)
        {
            case "noise":
                random.NextBytes(content);
                break;
            case "sparse":
                for (var i = 0; i < content.Length; i += random.Next(1, 60))
                    content[i] = (byte)random.Next(256);
                break;
            case "text":
                content = System.Text.Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, 20_000).Select(i => $"line {i * i}\n")));
                break;
            case "steep":
                // Frequencies that double from symbol to symbol make Huffman codes longer than the 15 bits that Deflate allows.
                for (var i = 0; i < content.Length; i++)
                    content[i] = (byte)System.Numerics.BitOperations.LeadingZeroCount((uint)random.Next() | 1);
                break;
        }

        return content;
    }
}

using Gpu.Training.Images;

namespace Gpu.Tests.Images;

public class FuzzTests
{
    private const int Mutations = 1000;
    private const int MostBytesAPixel = 16;

    [Fact]
    public void DamagedFilesAreErrorsAndNothingWorse()
    {
        // ImageExceptions only, no endless loops, and no memory beyond that of the image. Some 500,000 mutations were run by hand.
        var files = ImageVectors.Names.Select(ImageVectors.Bytes).ToArray();
        var (read, refused) = (0, 0);
        for (var seed = 0; seed < Mutations; seed++)
        {
            var random = new Random(seed);
            var data = Mutate(files[random.Next(files.Length)], files, random);
            var before = GC.GetAllocatedBytesForCurrentThread();
            long pixels = 0;
            try
            {
                var image = ImageCodec.Decode(data, "fuzz");
                pixels = image.Height * image.Width;
                read++;
            }
            catch (ImageException)
            {
                refused++;
                continue;
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 4_000_000 + (MostBytesAPixel * pixels));
        }

        Assert.True(read > Mutations / 20 && refused > Mutations / 5, $"{read} were read and {refused} refused: the mutations are too mild or too wild.");
    }

    private static byte[] Mutate(byte[] file, byte[][] others, Random random)
    {
        var data = file.ToList();
        for (var i = 1 << random.Next(4); i > 0 && data.Count > 4; i--)
        {
            // Headers get half of the hits.
            var at = random.Next(random.Next(2) == 0 ? Math.Min(data.Count, 64) : data.Count);
            switch (random.Next(7))
            {
                case 0:
                    data[at] ^= (byte)(1 << random.Next(8));
                    break;
                case 1:
                    data[at] = (byte)random.Next(256);
                    break;
                case 2:
                    for (var k = at; k < Math.Min(at + 4, data.Count); k++)
                        data[k] = (byte)(random.Next(2) == 0 ? 0 : 255);
                    break;
                case 3:
                    data.RemoveRange(at, Math.Min(random.Next(1, 16), data.Count - at));
                    break;
                case 4:
                    data.InsertRange(at, data.Skip(random.Next(data.Count)).Take(random.Next(1, 64)).ToArray());
                    break;
                case 5 when random.Next(4) == 0:
                    data.RemoveRange(at, data.Count - at);
                    break;
                default:
                    var other = others[random.Next(others.Length)];
                    data.InsertRange(at, other.Skip(random.Next(other.Length)).Take(random.Next(1, 200)));
                    break;
            }
        }

        // Checksums are set right most times; otherwise no damage of a PNG would get further than to them.
        var result = data.ToArray();
        for (var at = 8; random.Next(4) != 0 && at + 12 <= result.Length;)
        {
            var length = (int)Math.Min(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(result.AsSpan(at)), (uint)(result.Length - at - 12));
            if (!result.AsSpan().StartsWith((ReadOnlySpan<byte>)[0x89, 0x50, 0x4E, 0x47]))
                break;
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(
                result.AsSpan(at + 8 + length), System.IO.Hashing.Crc32.HashToUInt32(result.AsSpan(at + 4, 4 + length)));
            at += 12 + length;
        }

        return result;
    }
}

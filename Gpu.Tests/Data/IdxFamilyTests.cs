using System.Buffers.Binary;
using Gpu.Tests.IO;
using Gpu.Training.Data;

namespace Gpu.Tests.Data;

/// <summary>The IDX files of the field under their public names, with their layouts.</summary>
public class IdxFamilyTests
{
    [Theory]
    [InlineData(0x08)]
    [InlineData(0x09)]
    [InlineData(0x0B)]
    [InlineData(0x0C)]
    [InlineData(0x0D)]
    [InlineData(0x0E)]
    public void LabelsOfEveryTypeAreRead(byte type)
    {
        using var folder = new TempFolder();
        Assert.Equal([3, 0, 100], IdxReader.ReadLabels(folder.Write("labels", Idx(type, [3], [3, 0, 100]))));
        // Two dimensions: the first column is the class.
        Assert.Equal([5, 7], IdxReader.ReadLabels(folder.Write("labels", Idx(type, [2, 3], [5, 100, 2, 7, 3, 4]))));
        if (type == 0x08) return;
        var error = Assert.Throws<DatasetException>(() => IdxReader.ReadLabels(folder.Write("labels", Idx(type, [2], [1, -2])))).Message;
        Assert.Contains("Label 1", error);
        Assert.Contains("is -2", error);
    }

    [Theory]
    [InlineData(0x09, 127)]
    [InlineData(0x0B, 255)]
    [InlineData(0x0C, 255)]
    public void PixelsOfIntegerTypesAreRead(byte type, int most)
    {
        using var folder = new TempFolder();
        Assert.Equal([0, 1, 2, (byte)most], IdxReader.ReadImages(folder.Write("images", Idx(type, [1, 2, 2], [0, 1, 2, most]))).Pixels);
        if (type == 0x09) return;
        var error = Assert.Throws<DatasetException>(() => IdxReader.ReadImages(folder.Write("images", Idx(type, [1, 2, 2], [0, 1, 256, 3])))).Message;
        Assert.Contains("Pixel 2", error);
        Assert.Contains("is 256, but pixels are 0 to 255", error);
    }

    [Fact]
    public void PixelsAndLabelsMustBeWholeNumbers()
    {
        using var folder = new TempFolder();
        Assert.Contains("integers from 0 to 255", Assert.Throws<DatasetException>(() =>
            IdxReader.ReadImages(folder.Write("images", Idx(0x0D, [1, 1, 1], [0.5])))).Message);
        Assert.Contains("is 0.5", Assert.Throws<DatasetException>(() => IdxReader.ReadLabels(folder.Write("labels", Idx(0x0E, [2], [1, 0.5])))).Message);
        Assert.Contains("unknown type 0x0A", Assert.Throws<DatasetException>(() => IdxReader.ReadLabels(folder.Write("labels", Idx(0x0A, [1], [1])))).Message);
    }

    [Theory]
    [InlineData("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte", "")]
    [InlineData("train-images.idx3-ubyte", "train-labels.idx1-ubyte", "t10k-images.idx3-ubyte", "t10k-labels.idx1-ubyte", "MNIST/raw")]
    [InlineData("qmnist-train-images-idx3-ubyte", "qmnist-train-labels-idx2-int", "qmnist-test-images-idx3-ubyte", "qmnist-test-labels-idx2-int", "")]
    [InlineData("kmnist-train-images-idx3-ubyte", "kmnist-train-labels-idx1-ubyte", "kmnist-t10k-images-idx3-ubyte", "kmnist-t10k-labels-idx1-ubyte", "gzip")]
    public void PublicNamesAndSubfoldersAreFound(string trainImages, string trainLabels, string testImages, string testLabels, string subfolder)
    {
        using var folder = new TempFolder();
        Directory.CreateDirectory(folder.File(subfolder));
        // Another entry, so that the subfolder is not the only one.
        File.WriteAllText(folder.File("README.txt"), "x");
        File.WriteAllBytes(folder.File(subfolder, trainImages), Idx(0x08, [3, 2, 2], Enumerable.Range(0, 12).Select(i => (double)i)));
        File.WriteAllBytes(folder.File(subfolder, testImages), Idx(0x08, [2, 2, 2], Enumerable.Range(0, 8).Select(i => (double)i)));
        var isTable = trainLabels.Contains("idx2");
        File.WriteAllBytes(folder.File(subfolder, trainLabels), isTable
            ? Idx(0x0C, [3, 8], Enumerable.Range(0, 24).Select(i => i % 8 == 0 ? i / 8 : 1_000_000.0)) : Idx(0x08, [3], [0, 1, 2]));
        File.WriteAllBytes(folder.File(subfolder, testLabels), isTable
            ? Idx(0x0C, [2, 8], Enumerable.Range(0, 16).Select(i => i % 8 == 0 ? i / 8 : 7.0)) : Idx(0x08, [2], [0, 1]));
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal([0, 1, 2], data.Train.Labels);
        Assert.Equal([0, 1], data.Test.Labels);
        Assert.Equal([0, 1, 2, 3], data.Train.Image(0).ToArray());
    }

    [Fact]
    public void EmnistIsTransposedAndItsLettersCountFromOne()
    {
        using var folder = new TempFolder();
        Write("emnist-letters", [1, 26, 3]);
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal([0, 25, 2], data.Train.Labels);
        Assert.Equal(("A", "Z", 26), (data.ClassNames[0], data.ClassNames[25], data.Classes));
        Assert.Equal([0, 2, 1, 3], data.Train.Image(0).ToArray());

        // Two sets in one folder: the path names one.
        Write("emnist-balanced", [0, 46, 10]);
        Assert.Contains("2 data sets: emnist-balanced, emnist-letters", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
        var balanced = DatasetLoader.Load(folder.File("emnist-balanced"));
        Assert.Equal(("t", "A", 47), (balanced.ClassNames[46], balanced.ClassNames[balanced.Train.Labels[2]], balanced.Classes));

        // One of them has plain names: it is taken, which is said.
        foreach (var file in Directory.GetFiles(folder.Path, "emnist-letters-*")) File.Copy(file, file.Replace("emnist-letters-", ""));
        List<string> notes = [];
        Assert.Equal("0", DatasetLoader.Load(folder.Path, new DatasetOptions { Note = notes.Add }).ClassNames[0]);
        Assert.Contains("has 3 data sets. Taken: the files without a name before theirs. Not taken: emnist-balanced, emnist-letters", Assert.Single(notes));
        Write("emnist-balanced", [0, 47, 10]);
        Assert.Contains("0 to 47, but EMNIST has 47 classes", Assert.Throws<DatasetException>(() =>
            DatasetLoader.Load(folder.File("emnist-balanced"))).Message);

        void Write(string set, double[] labels)
        {
            foreach (var part in new[] { "train", "test" })
            {
                folder.Write($"{set}-{part}-images-idx3-ubyte", Idx(0x08, [3, 2, 2], Enumerable.Range(0, 12).Select(i => (double)i)));
                folder.Write($"{set}-{part}-labels-idx1-ubyte", Idx(0x08, [3], labels));
            }
        }
    }

    [Fact]
    public void Cifar100HasFineAndCoarseLabels()
    {
        using var folder = new TempFolder();
        foreach (var (file, count) in new[] { ("train.bin", 5), ("test.bin", 2) })
        {
            var bytes = new byte[count * 3074];
            for (var i = 0; i < count; i++)
            {
                (bytes[i * 3074], bytes[i * 3074 + 1]) = ((byte)(i + 15), (byte)(99 - i));
                for (var k = 0; k < 3072; k++) bytes[i * 3074 + 2 + k] = (byte)(k / 1024 * 50 + i);
            }

            folder.Write(file, bytes);
        }

        File.WriteAllLines(folder.File("fine_label_names.txt"), Enumerable.Range(0, 100).Select(i => $"fine{i}"));
        File.WriteAllLines(folder.File("coarse_label_names.txt"), Enumerable.Range(0, 20).Select(i => $"coarse{i}"));
        var fine = DatasetLoader.Load(folder.Path);
        Assert.Equal(("fine98", 100, 98), (fine.ClassNames[98], fine.Classes, fine.Train.Labels[1]));
        Assert.Equal([3, 53, 103], fine.Train.Image(3)[..3].ToArray());
        var coarse = DatasetLoader.Load(folder.Path, new DatasetOptions { CoarseLabels = true });
        Assert.Equal(("coarse16", 20, 16), (coarse.ClassNames[16], coarse.Classes, coarse.Train.Labels[1]));

        File.Delete(folder.File("test.bin"));
        Assert.Contains("only one of the files train.bin and test.bin", Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
    }

    /// <summary>An IDX file of the given type.</summary>
    private static byte[] Idx(byte type, int[] sizes, IEnumerable<double> values)
    {
        List<byte> bytes = [0, 0, type, (byte)sizes.Length];
        foreach (var size in sizes) bytes.AddRange(BigEndian(size));
        foreach (var value in values)
        {
            bytes.AddRange(type switch
            {
                0x0B => BigEndian((int)value)[2..],
                0x0C => BigEndian((int)value),
                0x0D => BigEndian(BitConverter.SingleToInt32Bits((float)value)),
                0x0E => [.. BigEndian((int)(BitConverter.DoubleToInt64Bits(value) >> 32)), .. BigEndian((int)BitConverter.DoubleToInt64Bits(value))],
                _ => [(byte)(int)value],
            });
        }

        return [.. bytes];
    }

    private static byte[] BigEndian(int value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, value);
        return bytes;
    }
}

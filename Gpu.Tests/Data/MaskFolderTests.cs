using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Images;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Tests.Data;

public class MaskFolderTests
{
    [Theory]
    [InlineData("images/{0}.jpg", "masks/{0}.png", false)]
    [InlineData("images/train/{0}.jpg|images/val/{0}.jpg", "masks/train/{0}.png|masks/val/{0}.png", true)]
    [InlineData("train/images/{0}.jpg|test/images/{0}.jpg", "train/masks/{0}.png|test/masks/{0}.png", true)]
    public void FindsImagesAndMasksOfTheSameName(string images, string masks, bool isDivided)
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 8; i++)
        {
            var (image, mask) = (images.Split('|'), masks.Split('|'));
            Write(folder, string.Format(image[i < 6 ? 0 : ^1], i), string.Format(mask[i < 6 ? 0 : ^1], i), 12, 10, i);
        }

        var data = DatasetLoader.Load(folder.Path, new DatasetOptions { Seed = 3 });
        Assert.Equal(TaskKind.Segmentation, data.Task);
        Assert.True(DatasetLoader.HasMasks(folder.Path));
        Assert.Equal(["0", "1", "2"], data.ClassNames);
        Assert.Equal(8, data.Train.Count + data.Test.Count);
        if (isDivided) Assert.Equal((6, 2), (data.Train.Count, data.Test.Count));
        foreach (var split in new[] { data.Train, data.Test })
        {
            for (var n = 0; n < split.Count; n++)
            {
                var i = int.Parse(Path.GetFileNameWithoutExtension(split.Names![n]), System.Globalization.CultureInfo.InvariantCulture);
                Assert.Equal(Labels(12, 10, i), split.Mask(n).ToArray());
            }
        }
    }

    [Fact]
    public void MasksAreResizedLikeTheirImages()
    {
        using var folder = new TempFolder();
        // Bright where the class is 1, so that image and mask can be compared after any transform.
        for (var i = 0; i < 4; i++)
        {
            var (height, width) = (20 + 7 * i, 48 - 5 * i);
            var labels = new byte[height * width];
            for (var k = 0; k < labels.Length; k++) labels[k] = (byte)(k / width > height / 3 && k % width < width / 2 ? 1 : 0);
            WriteImage(folder, $"images/{i}.png", height, width, labels, k => k == 1 ? (byte)250 : (byte)5);
            WriteIndexed(folder, $"masks/{i}.png", height, width, labels);
        }

        foreach (var fit in Enum.GetValues<ImageFit>())
        {
            var data = DatasetLoader.Load(folder.Path, new DatasetOptions
            {
                ChooseTransform = _ => new ImageTransform { Height = 24, Width = 24, Fit = fit }, Background = new RgbColor(128, 128, 128), IsUndivided = true,
            });
            int wrong = 0, voids = 0;
            for (var n = 0; n < data.Train.Count; n++)
            {
                var (image, mask) = (data.Train.Image(n).ToArray(), data.Train.Mask(n).ToArray());
                for (var k = 0; k < mask.Length; k++)
                {
                    var value = image[k * data.Channels];
                    if (mask[k] == ImageSplit.VoidLabel) Assert.Equal(128, value);
                    if (mask[k] == ImageSplit.VoidLabel) voids++;
                    // Edges are between the values in the image, not in the mask.
                    else if (mask[k] != (value > 128 ? 1 : 0)) wrong++;
                }
            }

            Assert.InRange(wrong, 0, 4 * 24 * 24 / 50);
            Assert.Equal(fit == ImageFit.Pad, voids > 0);
        }
    }

    [Fact]
    public void VocFoldersHaveTheirListsAndNames()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 5; i++) Write(folder, $"VOC/JPEGImages/{i}.jpg", $"VOC/SegmentationClass/{i}.png", 16, 16, i, border: true);
        folder.Write("VOC/ImageSets/Segmentation/train.txt", "0\n1\n2\n"u8.ToArray());
        folder.Write("VOC/ImageSets/Segmentation/val.txt", "3\n"u8.ToArray());
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal((3, 1), (data.Train.Count, data.Test.Count));
        Assert.Equal(21, data.Classes);
        Assert.Equal("aeroplane", data.ClassNames[1]);
        Assert.Equal(ImageSplit.VoidLabel, data.Train.Mask(0)[0]);
    }

    [Fact]
    public void ColorsNeedAPalette()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 3; i++)
        {
            var labels = Labels(8, 8, i);
            WriteImage(folder, $"images/{i}.png", 8, 8, labels, k => (byte)(60 * k));
            using var mask = new Image<Rgb24>(8, 8);
            for (var k = 0; k < 64; k++) mask[k % 8, k / 8] = labels[k] switch { 0 => new(0, 0, 0), 1 => new(128, 64, 32), _ => new(1, 2, 3) };
            using var file = new MemoryStream();
            mask.SaveAsPng(file);
            folder.Write($"masks/{i}.png", file.ToArray());
        }

        var missing = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message;
        Assert.Contains("3 colors without a class", missing, StringComparison.Ordinal);
        Assert.Contains("0 0 0, 1 2 3, 128 64 32", missing, StringComparison.Ordinal);
        folder.Write("palette.txt", "0 0 0 ground\n128 64 32 road\n"u8.ToArray());
        var unknown = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message;
        Assert.Contains("1 color without a class", unknown, StringComparison.Ordinal);
        Assert.Contains(": 1 2 3.", unknown, StringComparison.Ordinal);
        folder.Write("palette.txt", "0 0 0 ground\n128 64 32 road\n1 2 3 void\n"u8.ToArray());
        var data = DatasetLoader.Load(folder.Path, new DatasetOptions { IsUndivided = true });
        Assert.Equal(["ground", "road"], data.ClassNames);
        Assert.Equal(data.Train.Masks!.Count(label => label == 255), Enumerable.Range(0, 3).Sum(i => Labels(8, 8, i).Count(label => label == 2)));
    }

    [Fact]
    public void ErrorsListAll()
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 5; i++) Write(folder, $"images/{i}.jpg", $"masks/{i}.png", 10, 10, i);
        File.Delete(folder.File("masks", "1.png"));
        File.Delete(folder.File("masks", "4.png"));
        var lacking = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message;
        Assert.Contains("2 images", lacking, StringComparison.Ordinal);
        Assert.Contains("images/1.jpg, images/4.jpg", lacking, StringComparison.Ordinal);
        WriteIndexed(folder, "masks/1.png", 9, 10, Labels(9, 10, 1));
        WriteIndexed(folder, "masks/4.png", 10, 11, Labels(10, 11, 4));
        var sizes = Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message;
        Assert.Contains("2 masks", sizes, StringComparison.Ordinal);
        Assert.Contains("is 9x10, its image 10x10", sizes, StringComparison.Ordinal);
        Assert.Contains("is 10x11, its image 10x10", sizes, StringComparison.Ordinal);
        folder.Write("classes.txt", "a\nb\n"u8.ToArray());
        WriteIndexed(folder, "masks/1.png", 10, 10, Labels(10, 10, 1));
        WriteIndexed(folder, "masks/4.png", 10, 10, Labels(10, 10, 4));
        Assert.Contains("have the numbers 2, but its list of classes has 2", Assert.Throws<DatasetException>(
            () => DatasetLoader.Load(folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void IndexedPngKeepsItsNumbers()
    {
        using var folder = new TempFolder();
        var labels = Enumerable.Range(0, 256).Select(i => (byte)i).ToArray();
        var path = folder.File("mask.png");
        ImageCodec.SaveIndexedPng(path, new ByteImage(8, 32, 1, labels), MaskColors.Palette);
        Assert.Equal(labels, ImageCodec.LoadNumbers(path).Pixels);
        // Another reader sees the colors.
        using var image = Image.Load<Rgb24>(path);
        Assert.Equal(new Rgb24(MaskColors.Palette[3].Red, MaskColors.Palette[3].Green, MaskColors.Palette[3].Blue), image[3, 0]);
    }

    [Fact]
    public void ShapesAreTheSameEverywhere()
    {
        var data = ShapesGenerator.Generate(1, 6, 2);
        Assert.Equal((64, 64, 3, 4), (data.Height, data.Width, data.Channels, data.Classes));
        Assert.All(data.Train.CountPixelsPerClass(4), count => Assert.InRange(count, 500, 20_000));
        Assert.Equal(0L, data.Train.CountPixelsPerClass(255).Skip(4).Sum());
        Assert.Equal(
            "47f7e306aea81188", Convert.ToHexStringLower(System.IO.Hashing.XxHash3.Hash([.. data.Train.Pixels, .. data.Train.Masks!, .. data.Test.Pixels])));
    }

    private static byte[] Labels(int height, int width, int seed, bool border = false)
    {
        var labels = new byte[height * width];
        for (var i = 0; i < labels.Length; i++)
            labels[i] = border && i < width ? (byte)255 : (byte)((i % width > seed % 5 + 2 ? 1 : 0) + (i / width > 5 ? 1 : 0));
        return labels;
    }

    private static void Write(TempFolder folder, string image, string mask, int height, int width, int seed, bool border = false)
    {
        var labels = Labels(height, width, seed, border);
        WriteImage(folder, image, height, width, labels, label => (byte)(90 * Math.Min(label, (byte)2)));
        WriteIndexed(folder, mask, height, width, labels);
    }

    private static void WriteImage(TempFolder folder, string name, int height, int width, byte[] labels, Func<byte, byte> brightness)
    {
        using var image = new Image<Rgb24>(width, height);
        for (var i = 0; i < labels.Length; i++)
        {
            var value = brightness(labels[i]);
            image[i % width, i / width] = new Rgb24(value, value, value);
        }

        using var file = new MemoryStream();
        if (name.EndsWith("jpg", StringComparison.Ordinal)) image.SaveAsJpeg(file);
        else image.SaveAsPng(file);
        folder.Write(name, file.ToArray());
    }

    private static void WriteIndexed(TempFolder folder, string name, int height, int width, byte[] labels)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(folder.File(name.Split('/')))!);
        ImageCodec.SaveIndexedPng(folder.File(name.Split('/')), new ByteImage(height, width, 1, labels), MaskColors.Palette);
    }
}

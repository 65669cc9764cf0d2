using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Images;

namespace Gpu.Tests.Images;

public class ContactSheetTests
{
    [Fact]
    public void TheImagesLieInTheirCells()
    {
        var split = new ImageSplit([.. Enumerable.Range(0, 4 * 3 * 3).Select(i => (byte)(i + 100))], [0, 1, 0, 2], 3, 3, 1);
        var sheet = ContactSheet.Render(split, [0, 1, 3], ["A", "B", "C"], columns: 2, scale: 2);

        // Cells of 3 x 2 + 4 wide and 3 x 2 + 7 + 8 high, and a gap of 4 around.
        Assert.Equal(((2 * 21) + 4, (2 * 10) + 4, 3), (sheet.Height, sheet.Width, sheet.Channels));
        byte At(int row, int column) => sheet.Pixels[((row * sheet.Width) + column) * 3];
        for (var y = 0; y < 6; y++)
        {
            for (var x = 0; x < 6; x++)
            {
                var inside = (y / 2 * 3) + (x / 2);
                Assert.Equal(100 + inside, At(4 + y, 4 + x));
                Assert.Equal(109 + inside, At(4 + y, 14 + x));
                Assert.Equal(127 + inside, At(25 + y, 4 + x));
            }
        }

        Assert.Equal(At(0, 0), At(25, 14)); // The fourth cell is empty.
        Assert.Equal(220, At(12, 6)); // The top of the letter A, whose upper edge is two rows below its image.
    }

    [Fact]
    public void FirstOfEachClassGoesClassByClass()
    {
        var split = new ImageSplit(new byte[5], [1, 0, 1, 1, 0], 1, 1, 1);
        Assert.Equal([1, 4, -1, 0, 2, 3, -1, -1, -1], ContactSheet.FirstOfEachClass(split, 3, 3));
    }

    [Fact]
    public void AColorImageKeepsItsColors()
    {
        var split = new ImageSplit([10, 20, 30], [0], 1, 1, 3);
        var sheet = ContactSheet.Render(split, [0], [""], columns: 1, scale: 1, [255, 0, 0]);
        Assert.Equal([10, 20, 30], sheet.Pixels.AsSpan(((4 * sheet.Width) + 4) * 3, 3).ToArray());
    }

    [Fact]
    public void ALongCaptionStaysInItsCellAndASheetCanBeSaved()
    {
        using var folder = new TempFolder();
        var split = new ImageSplit(new byte[2 * 64], [0, 0], 8, 8, 1);
        var sheet = ContactSheet.Render(split, [0, -1], ["MMMMMMMMMMMM", ""], columns: 2, scale: 1, [255, 0, 0]);
        var red = Enumerable.Range(0, sheet.Height * sheet.Width).Where(i => sheet.Pixels[3 * i] == 255).ToArray();
        Assert.NotEmpty(red);
        Assert.All(red, i => Assert.InRange(i % sheet.Width, 4, 11));

        ImageCodec.SavePng(folder.File("sheet.png"), sheet);
        Assert.Equal(sheet.Pixels, ImageCodec.Load(folder.File("sheet.png")).Pixels);
    }

    [Fact]
    public void EveryLetterAndDigitHasItsOwnPicture()
    {
        var pictures = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-.,:/%><=+()_#!?'&* ".Select(character =>
        {
            Assert.True(BitmapFont.Has(character));
            var image = new ByteImage(BitmapFont.Height + 2, BitmapFont.Width, 1);
            BitmapFont.Write(image, 0, 0, character.ToString(), [1]);
            return Convert.ToHexString(image.Pixels);
        }).ToArray();
        Assert.Equal(pictures.Length, pictures.Distinct().Count());
    }

    [Fact]
    public void ImpossibleSheetsAreRefused()
    {
        var split = new ImageSplit(new byte[100], [0], 10, 10, 1);
        Assert.Throws<ArgumentException>(() => ContactSheet.Render(split, [], Array.Empty<string>(), columns: 1, scale: 1));
        Assert.Contains("at most", Assert.Throws<ArgumentException>(() => ContactSheet.Render(split, [0], ["x"], columns: 1, scale: 100_000)).Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => ContactSheet.Render(split, [0], ["x"], columns: 0, scale: 1));
    }
}

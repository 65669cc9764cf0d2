using System.Text.Json;
using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Data.Masks.Coco;
using Gpu.Training.Images;
using SixLabors.ImageSharp;
using SixLabors.ImageSharp.PixelFormats;

namespace Gpu.Tests.Data;

public class CocoFolderTests
{
    private const int Height = 10;
    private const int Width = 12;

    private const string Categories = """[{"id": 7, "name": "dog", "supercategory": "animal"}, {"id": 3, "name": "cat", "supercategory": "animal"}]""";

    // Column by column: 2 columns outside, 3 inside.
    private const string Runs = """{"counts": [20, 30, 70], "size": [10, 12]}""";

    [Fact]
    public void PolygonsAndRunsAreThoseOfCocosOwnReader()
    {
        using var vectors = JsonDocument.Parse(File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Vectors", "coco_vectors.json")));
        foreach (var one in vectors.RootElement.GetProperty("cases").EnumerateArray())
        {
            var (height, width) = (one.GetProperty("height").GetInt32(), one.GetProperty("width").GetInt32());
            var counts = one.GetProperty("counts").GetRawText();
            var expected = new byte[height * width];
            var (at, run) = (0, 0);
            foreach (var count in one.GetProperty("counts").EnumerateArray())
            {
                for (var end = at + count.GetInt32(); at < end; at++) expected[at % height * width + at / height] = (byte)(run % 2 == 1 ? 9 : 0);
                run++;
            }

            string[] forms = [one.GetProperty("polygons").GetRawText(), Object(counts), Object(one.GetProperty("text").GetRawText())];
            foreach (var form in forms)
            {
                var (mask, marks) = (new byte[height * width], new bool[height * width + 1]);
                Assert.Null(JsonSerializer.Deserialize<CocoSegmentation>(form)!.Paint(mask, height, width, 9, marks));
                Assert.Equal(expected, mask);
                Assert.DoesNotContain(true, marks);
            }

            string Object(string runs) => $$"""{"size": [{{height}}, {{width}}], "counts": {{runs}}}""";
        }
    }

    [Theory]
    [InlineData("annotations/instances_train2017.json", "train2017/", "annotations/instances_val2017.json", "val2017/")]
    [InlineData("coco/annotations/instances_train.json", "coco/images/train/", "coco/annotations/instances_val.json", "coco/images/val/")]
    [InlineData("train/_annotations.coco.json", "train/", "valid/_annotations.coco.json", "valid/")]
    [InlineData("train/annotations.json", "train/images/", "test/annotations.json", "test/images/")]
    public void FoldersWithPartsAreRead(string trainFile, string trainFolder, string testFile, string testFolder)
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 4; i++) WriteImage(folder, $"{(i < 3 ? trainFolder : testFolder)}{i}.jpg");
        Write(folder, trainFile, Annotations([0, 1, 2], (0, 7, Runs), (2, 3, "[[0, 0, 12, 0, 12, 5, 0, 5]]"), (2, 7, Runs)));
        Write(folder, testFile, Annotations([3], (3, 3, Runs)));
        Assert.True(DatasetLoader.HasMasks(folder.Path));
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal(TaskKind.Segmentation, data.Task);
        Assert.Equal(["background", "cat", "dog"], data.ClassNames);
        Assert.Equal((3, 1), (data.Train.Count, data.Test.Count));
        Assert.Equal(Expected((x, _) => x is >= 2 and < 5 ? 2 : 0), Mask(data.Train, "0.jpg"));
        Assert.Equal(new byte[Height * Width], Mask(data.Train, "1.jpg"));
        // The later one is over the earlier one.
        Assert.Equal(Expected((x, y) => x is >= 2 and < 5 ? 2 : y < 5 ? 1 : 0), Mask(data.Train, "2.jpg"));
        Assert.Equal(Expected((x, _) => x is >= 2 and < 5 ? 1 : 0), Mask(data.Test, "3.jpg"));
    }

    [Theory]
    [InlineData("annotations.json", "images/")]
    [InlineData("_annotations.coco.json", "")]
    [InlineData("annotations/instances_default.json", "images/")]
    [InlineData("annotations/instances_val2017.json", "val2017/")]
    public void AFolderWithoutPartsIsDivided(string file, string images)
    {
        using var folder = new TempFolder();
        for (var i = 0; i < 10; i++) WriteImage(folder, $"{images}{i}.jpg");
        Write(folder, file, Annotations([.. Enumerable.Range(0, 10)], (0, 7, Runs)));
        var data = DatasetLoader.Load(folder.Path);
        Assert.Equal(10, data.Train.Count + data.Test.Count);
        Assert.InRange(data.Test.Count, 1, 5);
    }

    [Fact]
    public void MasksAreResizedCrowdsAreVoidAndGroupsAreNoClass()
    {
        using var folder = new TempFolder();
        WriteImage(folder, "images/a.jpg");
        WriteImage(folder, "images/other.jpg");
        List<string> notes = [];
        Write(folder, "annotations.json", $$"""
            {"images": [{"id": 1, "file_name": "images\\a.jpg", "height": 10, "width": 12}],
             "categories": [{"id": 0, "name": "things", "supercategory": "none"}, {"id": 1, "name": "x", "supercategory": "things"}],
             "annotations": [{"image_id": 1, "category_id": 1, "segmentation": {{Runs}}, "iscrowd": 1},
                             {"image_id": 1, "category_id": 1, "segmentation": [], "bbox": [1, 2, 3, 4]},
                             {"image_id": 1, "category_id": 1, "segmentation": [[8, 0, 12, 0, 12, 10, 8, 10]], "iscrowd": false}]}
            """);
        var data = DatasetLoader.Load(folder.Path, new DatasetOptions
        {
            IsUndivided = true, Note = notes.Add, ChooseTransform = _ => new ImageTransform { Height = 20, Width = 24, Fit = ImageFit.Stretch },
        });
        Assert.Equal(["background", "x"], data.ClassNames);
        var expected = new byte[20 * 24];
        for (var i = 0; i < expected.Length; i++) expected[i] = (i % 24 / 2) switch { >= 2 and < 5 => 255, >= 8 => 1, _ => 0 };
        Assert.Equal(expected, data.Train.Mask(0).ToArray());
        Assert.Contains(notes, note => note.Contains("the category things, which groups others", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.Contains("1 image that the annotations do not name, such as 'images/other.jpg'", StringComparison.Ordinal));
        Assert.Contains(notes, note => note.Contains("1 annotation is left out: boxes", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("has the category 99, which is not among the categories", 0, 99, Runs)]
    [InlineData("is for the image 99, which is not among the images", 99, 7, Runs)]
    [InlineData("annotation 1 of 'images/0.jpg': a polygon has 7 numbers, but an even number is needed", 0, 7, "[[0, 0, 1, 1, 2, 2, 3]]")]
    [InlineData("a polygon has 2 points, but at least 3 are needed", 0, 7, "[[0, 0, 1, 1]]")]
    [InlineData("a polygon has the point (1, 1000000000), far outside of its image of 10x12", 0, 7, "[[0, 0, 1, 1e9, 2, 2]]")]
    [InlineData("its runs (RLE) have 119 pixels, but its image has 120; they must fill it", 0, 7, """{"counts": [20, 99], "size": [10, 12]}""")]
    [InlineData("its runs (RLE) have more pixels", 0, 7, """{"counts": [20, 9223372036854775807], "size": [10, 12]}""")]
    [InlineData("its runs (RLE) have a negative length", 0, 7, """{"counts": [-1, 121], "size": [10, 12]}""")]
    [InlineData("its runs (RLE) are for an image of 12x10, but its image is 10x12", 0, 7, """{"counts": [120], "size": [12, 10]}""")]
    [InlineData("its compressed runs (RLE) are damaged", 0, 7, """{"counts": "5o", "size": [10, 12]}""")]
    [InlineData("a polygon must be a list of numbers", 0, 7, "[1, 2, 3, 4]")]
    [InlineData("needs counts, a list or a text, and size", 0, 7, """{"counts": [120]}""")]
    [InlineData("are boxes without polygons or runs", 0, 7, "[]")]
    public void MistakesAreNamed(string expected, long image, long category, string segmentation)
    {
        using var folder = new TempFolder();
        WriteImage(folder, "images/0.jpg");
        WriteImage(folder, "images/1.jpg");
        Write(folder, "annotations.json", Annotations([0, 1], (image, category, segmentation)));
        Assert.Contains(expected, Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
    }

    [Fact]
    public void MissingAndRepeatedFilesAreNamed()
    {
        using var folder = new TempFolder();
        WriteImage(folder, "train2017/0.jpg");
        Write(folder, "annotations/instances_train2017.json", Annotations([0, 1, 2], (0, 7, Runs)));
        Expect("2 images of the annotations in");
        Expect("are missing: 1.jpg, 2.jpg. Add the images");
        Write(folder, "annotations/instances_train2017.json", Annotations([0], (0, 7, Runs)).Replace("0.jpg", "../train2017/0.jpg", StringComparison.Ordinal));
        Expect("missing: ../train2017/0.jpg");
        Write(folder, "annotations/instances_train2017.json", Annotations([0, 0], (0, 7, Runs)));
        Expect("The image 0 is twice");
        Write(folder, "annotations/instances_train2017.json", Annotations([0], (0, 7, Runs)));
        var again = Annotations([0], (0, 7, Runs)).Replace("0.jpg", "train2017/0.jpg", StringComparison.Ordinal);
        Write(folder, "annotations/instances_val2017.json", again);
        Expect("0.jpg' is twice in the annotations");
        File.Move(folder.File("annotations", "instances_val2017.json"), folder.File("annotations", "instances_more.json"));
        Expect("whose name does not say which part of the data it is for");
        File.Delete(folder.File("annotations", "instances_more.json"));
        var wrong = Annotations([0], (0, 7, Runs)).Replace("\"height\": 10", "\"height\": 20", StringComparison.Ordinal);
        Write(folder, "annotations/instances_train2017.json", wrong);
        Expect("is 10x12, but 20x12 in the annotations");
        const string noImage = "{\"images\": [null], \"categories\": [], \"annotations\": []}";
        foreach (var damaged in (string[])["{}", "[]", "null", noImage, "{\"images\": [{\"id\": 1}]}", "x"])
        {
            Write(folder, "annotations/instances_train2017.json", damaged);
            Expect("They must be JSON as COCO has it, with the lists images (id, file_name), categories (id, name)");
        }

        void Expect(string message) => Assert.Contains(message, Assert.Throws<DatasetException>(() => DatasetLoader.Load(folder.Path)).Message);
    }

    [Fact]
    public void ClassFoldersBesideAnnotationsOfAnotherKindAreClasses()
    {
        using var folder = new TempFolder();
        WriteImage(folder, "images/a/0.jpg");
        WriteImage(folder, "images/b/1.jpg");
        Write(folder, "annotations.json", "{}");
        Assert.False(DatasetLoader.HasMasks(folder.Path));
    }

    internal static string Annotations(IEnumerable<int> images, params (long Image, long Category, string Segmentation)[] annotations) => $$"""
        {"info": {"year": 2017}, "licenses": [],
         "images": [{{string.Join(", ", images.Select(i => $$"""{"id": {{i}}, "file_name": "{{i}}.jpg", "height": 10, "width": 12}"""))}}],
         "categories": {{Categories}},
         "annotations": [{{string.Join(", ", annotations.Select(Annotation))}}]}
        """;

    private static string Annotation((long Image, long Category, string Segmentation) one, int i) => $$"""
        {"id": {{i + 1}}, "image_id": {{one.Image}}, "category_id": {{one.Category}}, "iscrowd": 0, "area": 3.5, "segmentation": {{one.Segmentation}}}
        """;

    internal static byte[] Jpeg()
    {
        using var image = new Image<Rgb24>(Width, Height, new Rgb24(200, 100, 50));
        using var file = new MemoryStream();
        image.SaveAsJpeg(file);
        return file.ToArray();
    }

    private static void WriteImage(TempFolder folder, string name) => folder.Write(name, Jpeg());

    private static void Write(TempFolder folder, string name, string text) => folder.Write(name, System.Text.Encoding.UTF8.GetBytes(text));

    private static byte[] Mask(ImageSplit split, string name) => 
        split.Mask(split.Names!.Index().First(one => one.Item.EndsWith(name, StringComparison.Ordinal)).Index).ToArray();

    private static byte[] Expected(Func<int, int, int> label)
    {
        var mask = new byte[Height * Width];
        for (var i = 0; i < mask.Length; i++) mask[i] = (byte)label(i % Width, i / Width);
        return mask;
    }
}

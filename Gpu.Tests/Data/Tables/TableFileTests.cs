using System.IO.Compression;
using System.Text;
using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;

namespace Gpu.Tests.Data.Tables;

public class TableFileTests
{
    [Theory]
    [InlineData(",")]
    [InlineData(";")]
    [InlineData("\t")]
    [InlineData("|")]
    public void SeparatorsAreDetected(string separator)
    {
        var data = Parse(string.Join("\n", Rows(20).Prepend("a,b,kind")).Replace(",", separator));
        Assert.Equal(["a", "b"], data.Schema.Columns.Select(column => column.Name));
        Assert.Equal((TaskKind.Binary, 2, 16, 4), (data.Task, data.Classes, data.Train.Count, data.Test.Count));
    }

    [Fact]
    public void QuotedCellsMayHoldSeparatorsQuotesAndLineBreaks()
    {
        var text = "x,label\n" + string.Concat(Enumerable.Range(0, 10).Select(i => i % 2 == 0 ? $"{i},\"yes, \"\"so\"\"\"\n" : $"{i},\"no\nway\"\n"));
        Assert.Equal(["no\nway", "yes, \"so\""], Parse(text).ClassNames);
    }

    [Fact]
    public void NumbersMayHaveADecimalCommaIfTheSeparatorIsAnother()
    {
        var data = Parse("x;y\n" + string.Concat(Enumerable.Range(0, 30).Select(i => $"{i},5;{i * 2},25\n")));
        Assert.Equal(TaskKind.Regression, data.Task);
        Assert.Null(data.Schema.Columns[0].Levels);
        Assert.Equal(30, data.Train.Targets.Concat(data.Test.Targets).Select(y => y - 0.25).Distinct().Count());
    }

    [Theory]
    [InlineData("yes|no", TaskKind.Binary)]
    [InlineData("red|green|blue", TaskKind.Classification)]
    [InlineData("0|1", TaskKind.Binary)]
    [InlineData("1|2|3|10", TaskKind.Classification)]
    [InlineData("0.5|1|2", TaskKind.Regression)]
    public void TheTaskFollowsTheTarget(string values, TaskKind task)
    {
        var targets = values.Split('|');
        var text = "x,t\n" + string.Concat(Enumerable.Range(0, 60).Select(i => $"{i},{targets[i % targets.Length]}\n"));
        var data = Parse(text);
        Assert.Equal(task, data.Task);
        // Whole numbers are in numeric order, texts in ordinal order.
        if (task != TaskKind.Regression) Assert.Equal(targets[0] == "1" ? targets : [.. targets.Order(StringComparer.Ordinal)], data.ClassNames);
    }

    [Fact]
    public void NumbersAreStandardizedByTheTrainingRows()
    {
        var data = Parse("x,c,t\n" + string.Concat(Enumerable.Range(0, 100).Select(i => $"{1e9 + i},7,{(i * 7) % 31 * 0.5}\n")));
        var values = data.Schema.Standardize(data.Train);
        var first = values.Where((_, i) => i % 2 == 0).Select(x => (double)x).ToArray();
        Assert.Equal(0, first.Average(), 1e-6);
        Assert.Equal(1, Math.Sqrt(first.Average(x => x * x)), 1e-6);
        // A constant column gives zeros.
        Assert.All(values.Where((_, i) => i % 2 == 1), x => Assert.Equal(0, x));
        Assert.Equal(0, data.Schema.StandardizeTargets(data.Train).Average(x => (double)x), 1e-6);
        // The test rows do not change the statistics.
        Assert.Equal(data.Train.Targets.Average(), data.Schema.TargetMean, 1e-9);
    }

    [Fact]
    public void CategoriesAreOneHotAndUnknownLevelsAreZero()
    {
        var schema = Parse("color,size,t\n" + string.Concat(Enumerable.Range(0, 30).Select(i => $"{"rgb"[i % 3]},{i},{i % 2}\n"))).Schema;
        Assert.Equal(["b", "g", "r"], schema.Columns[0].Levels);
        Assert.Equal(4, schema.FeatureCount);
        using var folder = new TempFolder();
        var file = folder.File("new.csv");
        File.WriteAllText(file, "size,color\n1,g\n2,pink\n");
        var rows = TableFile.Read(file, schema, out var remarks);
        Assert.Equal([0, 1, 0, 1, 0, 0, 0, 2], rows.Values);
        Assert.Empty(rows.Labels);
        Assert.Contains("1 level that the training rows do not have (pink), in 1 row", Assert.Single(remarks));
    }

    [Fact]
    public void TheDrawIsStratifiedAndRepeatable()
    {
        var text = "x,t\n" + string.Concat(Enumerable.Range(0, 200).Select(i => $"{i},{(i < 50 ? "rare" : "common")}\n"));
        var data = Parse(text);
        Assert.Equal([30, 10], data.Test.CountPerClass(2));
        Assert.Equal(data.Test.Values, Parse(text).Test.Values);
        Assert.NotEqual(data.Test.Values, Parse(text, new TableOptions { Seed = 2 }).Test.Values);
        Assert.Equal(200, data.Train.Values.Concat(data.Test.Values).Distinct().Count());
        // The rows of a run are drawn again.
        var again = TableFile.Parse("t", "t.csv", () => new StringReader(text), data.Schema);
        Assert.Equal(data.Train.Values, again.Train.Values);
        Assert.Equal(data.Test.Labels, again.Test.Labels);
    }

    [Fact]
    public void EmptyLinesAreSkipped()
    {
        using var folder = new TempFolder();
        var rows = Rows(20).ToArray();
        File.WriteAllText(folder.File("a.csv"), string.Join("\n", rows.Prepend("a,b,kind")));
        File.WriteAllText(folder.File("b.csv"), string.Join("\n\n", rows.Prepend("a,b,kind")) + "\n \n\n");
        var (plain, spaced) = (DatasetLoader.LoadTable(folder.File("a.csv")), DatasetLoader.LoadTable(folder.File("b.csv")));
        Assert.Equal((plain.Train.Count, plain.Test.Count), (spaced.Train.Count, spaced.Test.Count));
        Assert.Equal(plain.Train.Labels, spaced.Train.Labels);
    }

    [Fact]
    public void GzipFilesAndByteOrderMarksAreRead()
    {
        using var folder = new TempFolder();
        var file = folder.File("t.csv.gz");
        using (var gzip = new GZipStream(File.Create(file), CompressionLevel.Fastest))
            gzip.Write([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes(string.Join("\r\n", Rows(20).Prepend("größe,b,kind")))]);
        var data = Assert.IsType<TableDataset>(DatasetLoader.LoadTable(file));
        Assert.Equal(("t", "größe"), (data.Name, data.Schema.Columns[0].Name));
    }

    [Theory]
    [InlineData("", "is empty")]
    [InlineData("a,b", "no rows below it")]
    [InlineData("1,2\n3,4", "only numbers, but names of columns are expected")]
    [InlineData("a,a,b\n1,2,3", "2 columns named 'a'")]
    [InlineData("a,b,c\n1,2,3\n1,2\n", "line 3 has 2 cells, but the first line has 3")]
    [InlineData("a,b\n1,x\n,y\n3,NA\n", "2 missing values: line 3, column 'a'; line 4, column 'b' ('NA')")]
    [InlineData("a,b\n1,x\n2,x\n", "always 'x'")]
    [InlineData("b\nx\ny\n", "no column besides the target")]
    public void FaultyTablesAreRefused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<DatasetException>(() => Parse(text)).Message);

    [Fact]
    public void FaultyOptionsAreRefused()
    {
        var text = string.Join("\n", Rows(20).Prepend("alpha,beta,kind"));
        Assert.Contains("Did you mean 'alpha'?", Refused(new TableOptions { Target = "alpa" }));
        Assert.Contains("no column 'gamma'", Refused(new TableOptions { Ignore = ["gamma"] }));
        Assert.Contains("regression needs numbers", Refused(new TableOptions { Task = TaskKind.Regression }));
        Assert.Contains("20 different values", Refused(new TableOptions { Target = "alpha", Task = TaskKind.Binary }));

        string Refused(TableOptions options) => Assert.Throws<DatasetException>(() => Parse(text, options)).Message;
    }

    [Fact]
    public void RowsThatDoNotFitTheRunAreRefused()
    {
        var schema = Parse(string.Join("\n", Rows(20).Prepend("a,b,kind"))).Schema;
        using var folder = new TempFolder();
        Assert.Contains("no column 'b'", Refused("a,c\n1,2\n"));
        Assert.Contains("Line 3 of", Refused("a,b\n1,2\n1,many\n"));
        Assert.Contains("'many' in column 'b', where a finite number", Refused("a,b\n1,2\n1,many\n"));
        Assert.Contains("the class 'maybe' in column 'kind', but the known classes are no, yes", Refused("a,b,kind\n1,2,maybe\n"));

        string Refused(string text)
        {
            var file = folder.File("x.csv");
            File.WriteAllText(file, text);
            return Assert.Throws<DatasetException>(() => { TableFile.Read(file, schema, out _); }).Message;
        }
    }

    [Theory]
    [InlineData("moons", "x1,x2,class\n")]
    [InlineData("circles", "x1,x2,class\n")]
    [InlineData("spirals", "x1,x2,class\n")]
    public void GeneratedTablesAreBalancedAndRepeatable(string name, string header)
    {
        var text = TableGenerator.Generate(name);
        Assert.StartsWith(header, text);
        Assert.Equal(text, TableGenerator.Generate(name));
        Assert.NotEqual(text, TableGenerator.Generate(name, seed: 2));
        var data = Assert.IsType<TableDataset>(DatasetLoader.LoadTable(name));
        Assert.Equal(TableGenerator.DefaultClasses(name), data.Classes);
        Assert.InRange(data.Train.CountPerClass(data.Classes).Max() - data.Train.CountPerClass(data.Classes).Min(), 0, 1);
        // The test rows lie where the training rows lie: the draw must not follow the random numbers of the generator.
        for (var feature = 0; feature < 2; feature++)
            Assert.InRange(Mean(data.Train, feature) - Mean(data.Test, feature), -0.2, 0.2);

        static double Mean(TableSplit split, int feature) => split.Values.Where((_, i) => i % 2 == feature).Average();
    }

    [Fact]
    public void GeneratedTextIsTheSameOnEveryPlatform()
    {
        static string Hash(string name) => Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(
            Encoding.UTF8.GetBytes(TableGenerator.Generate(name))))[..16];
        Assert.Equal("DB5A9840185E972A A1700D19B337171E F1FE10F0E6C36EA9", $"{Hash("moons")} {Hash("circles")} {Hash("spirals")}");
    }

    private static IEnumerable<string> Rows(int count) => Enumerable.Range(0, count).Select(i => $"{i},{i * 3 % 7},{(i % 2 == 0 ? "yes" : "no")}");

    private static TableDataset Parse(string text, TableOptions? options = null) =>
        TableFile.Parse("t", "t.csv", () => new StringReader(text), options ?? new TableOptions());
}

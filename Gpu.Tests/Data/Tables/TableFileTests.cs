using System.IO.Compression;
using System.Text;
using Gpu.Tests.IO;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Search;

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
        Assert.Equal((TaskKind.Binary, 2, 20), (data.Task, data.Classes, data.Train.Count + data.Test.Count));
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
        var schema = Parse("color,size,t\n" + string.Concat(Enumerable.Range(0, 30).Select(i => $"{"rgb"[i % 3]},{i + 2},{i % 2}\n"))).Schema;
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
        // 20 % of 150 and of 50, within two standard deviations of a draw by hashes.
        Assert.InRange(data.Test.CountPerClass(2)[0], 20, 40);
        Assert.InRange(data.Test.CountPerClass(2)[1], 5, 16);
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
    [InlineData("a,a,b\n1,2,3", "2 columns named 'a'")]
    [InlineData("a,b,c\n1,2,3\n1,2\n", "line 3 has 2 cells, but the first line has 3")]
    [InlineData("a,b,t\n1,x,p\n,y,q\n3,NA,p\n", "2 missing values: line 3, column 'a'; line 4, column 'b' ('NA')")]
    [InlineData("a,b\n1,x\n2,\n3,NA\n4,y\n", "2 rows without a value of the target 'b': line 3, line 4.")]
    [InlineData("a,b\n1,x\n2,x\n", "always 'x'")]
    [InlineData("b\nx\ny\n", "no column besides the target")]
    public void FaultyTablesAreRefused(string text, string message) =>
        Assert.Contains(message, Assert.Throws<DatasetException>(() => Parse(text)).Message);

    [Theory]
    [InlineData("5.1,3.5,setosa", false)]
    [InlineData("5.1,3.5,1", false)]
    [InlineData("5.1,,setosa", false)]
    [InlineData("setosa,virginica,setosa", false)]
    [InlineData("a,b,kind", true)]
    // Years are names of columns that have numbers.
    [InlineData("2019,2020,country", true)]
    [InlineData("a,virginica,setosa", true)]
    public void AFirstLineOfDataIsToldFromNames(string first, bool isHeader)
    {
        var isText = first.StartsWith('s') || first.StartsWith("a,v", StringComparison.Ordinal);
        var values = first.EndsWith('1') ? new[] { "1", "2" } : ["setosa", "virginica"];
        var rows = Enumerable.Range(0, 40).Select(i => (isText ? $"{values[i % 2]},{values[i / 2 % 2]}," : $"{i * 7 % 31},{i * 3 % 17},") + values[i % 2]);
        var text = string.Join('\n', rows.Prepend(first)).Replace(",,", ",0,");
        var data = Parse(text);
        Assert.Equal(isHeader ? first.Split(',')[..2] : ["c1", "c2"], data.Schema.Columns.Select(column => column.Name));
        Assert.Equal((isHeader, isHeader ? 40 : 41), (data.Schema.HasHeader, data.Train.Count + data.Test.Count));
        Assert.Equal(!isHeader, data.Remarks.Any(remark => remark.Contains("the columns are named c1 to c3 (--header yes")));
        if (first.Split(',').Distinct().Count() == 3) Assert.True(Parse(text, new TableOptions { HasHeader = true }).Schema.HasHeader);
        Assert.Equal(41, Parse(text, new TableOptions { HasHeader = false, Task = TaskKind.Classification }) is var all ? all.Train.Count + all.Test.Count : 0);

        // A run reads other tables in the same way, with and without names.
        var again = TableFile.Parse("t", "t", () => new StringReader(text), data.Schema);
        Assert.Equal(data.Train.Values, again.Train.Values);
        var named = string.Join('\n', text.Split('\n').Skip(isHeader ? 1 : 0).Prepend(isHeader ? first : "c1,c2,c3"));
        Assert.Equal(data.Train.Values, TableFile.Parse("t", "t", () => new StringReader(named), data.Schema).Train.Values);
    }

    [Fact]
    public void ColumnsThatNumberTheRowsAreLeftOutUnlessNamed()
    {
        string Table(string name, Func<int, string> number) =>
            $"{name},x,t\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{number(i)},{i * 7 % 31},{i % 2}\n"));
        string[] Columns(string text, params string[] use) => [.. Parse(text, new TableOptions { Use = use }).Schema.Columns.Select(column => column.Name)];

        var numbered = Table("n", i => $"{i + 1}");
        Assert.Equal(["x"], Columns(numbered));
        Assert.Equal(["n", "x"], Columns(numbered, "n"));
        Assert.Contains("Column 'n' was left out: the numbers only count the rows", Assert.Single(Parse(numbered).Warnings));
        Assert.Equal(["x"], Columns(Table("n", i => $"{i}")));
        Assert.Equal(["x"], Columns(Table("passengerId", i => $"{1000 + 3 * i}")));
        // Years, and numbers that repeat or have gaps, are data.
        Assert.Equal(["year", "x"], Columns(Table("year", i => $"{1990 + i}")));
        Assert.Equal(["paid", "x"], Columns(Table("paid", i => $"{1000 + 3 * i}")));
        Assert.Equal(["n", "x"], Columns(Table("n", i => $"{i / 2}")));
        Assert.Equal(["n", "x"], Columns(Table("n", i => $"{i + 0.5}")));
        Assert.Equal(["id", "x"], Columns(Table("id", i => $"{i * 11 % 40}")));
        // The only column is read.
        Assert.Equal(["n"], Columns("n,t\n" + string.Concat(Enumerable.Range(0, 40).Select(i => $"{i},{i % 2}\n"))));
        Assert.Contains("no column 'm'", Assert.Throws<DatasetException>(() => Columns(numbered, "m")).Message);
    }

    [Fact]
    public void FaultyOptionsAreRefused()
    {
        var text = string.Join("\n", Rows(20).Prepend("alpha,beta,kind"));
        Assert.Contains("Did you mean 'alpha'?", Refused(new TableOptions { Target = "alpa" }));
        Assert.Contains("no column 'gamma'", Refused(new TableOptions { Ignore = ["gamma"] }));
        Assert.Contains("regression needs numbers", Refused(new TableOptions { Task = TaskKind.Regression }));
        Assert.Contains("'kind' cannot be a categorical input", Refused(new TableOptions { Categorical = ["kind"] }));
        Assert.Contains("no column 'gamma'", Refused(new TableOptions { Categorical = ["gamma"] }));
        Assert.Contains("20 different values", Refused(new TableOptions { Target = "alpha", Task = TaskKind.Binary }));

        string Refused(TableOptions options) => Assert.Throws<DatasetException>(() => Parse(text, options)).Message;
    }

    [Fact]
    public void RowsThatDoNotFitTheRunAreRefused()
    {
        var schema = Parse(string.Join("\n", Rows(20).Prepend("a,b,kind"))).Schema;
        using var folder = new TempFolder();
        Assert.Contains("no column 'b'", Refused("a,c\n1,2\n"));
        Assert.Contains("no columns 'a', 'b', which the run reads. Columns: c, kind.", Refused("c,kind\n1,yes\n"));
        Assert.DoesNotContain("--ignore", Refused("a,b\n1,\n"));
        Assert.Contains("Line 3 of", Refused("a,b\n1,2\n1,many\n"));
        Assert.Contains("'many' in column 'b', where a number from -1e30 to 1e30 is", Refused("a,b\n1,2\n1,many\n"));
        Assert.Contains("the class 'maybe' in column 'kind', but the known classes are no, yes", Refused("a,b,kind\n1,2,maybe\n"));

        string Refused(string text)
        {
            var file = folder.File("x.csv");
            File.WriteAllText(file, text);
            return Assert.Throws<DatasetException>(() => { TableFile.Read(file, schema, out _); }).Message;
        }
    }

    [Theory]
    [InlineData("1e308")]
    [InlineData("-1e31")]
    [InlineData("Infinity")]
    public void NumbersThatOverflowAreRefused(string number)
    {
        var message = Refused(string.Join("\n", Rows(20).Prepend("a,b,kind").Append($"{number},2,yes")));
        Assert.Contains("Line 22 of", message);
        Assert.Contains("column 'a', where a number from -1e30 to 1e30 is expected", message);
        Assert.Equal(21, Parse(string.Join("\n", Rows(20).Prepend("a,b,kind").Append("1e30,2,yes"))) is var data ? data.Train.Count + data.Test.Count : 0);
    }

    [Fact]
    public void AQuoteThatIsNeverClosedIsNamed()
    {
        var message = Refused("a,b,kind\n1,2,yes\n3,\"4,no\n5,6,yes\n");
        Assert.Contains("a quote that opens in line 3 is never closed", message);
    }

    [Fact]
    public void TextsOfTwoRowsAreNotSaidToBeNumbers()
    {
        Assert.DoesNotContain("regression", Refused("a,kind\n1,p\n2,q\n"));
    }

    private static string Refused(string text) => Assert.Throws<DatasetException>(() => Parse(text)).Message;

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
        int[] rows = [.. data.Train.CountPerClass(data.Classes).Zip(data.Test.CountPerClass(data.Classes), (train, test) => train + test)];
        Assert.InRange(rows.Max() - rows.Min(), 0, 1);
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

    [Fact]
    public void ARowThatIsAddedMovesNoOtherOne()
    {
        var rows = Enumerable.Range(0, 300).Select(i => $"{i % 97 * 0.5},{"rgb"[i % 3]},{(i % 2 == 0 ? "yes" : "no")}").ToArray();
        var before = TestRows(rows.Prepend("x,color,t"));
        // New rows before and behind, another order of the rows, another way to write numbers, another order of the columns, a column that is left out.
        var after = TestRows(rows.Append("500,g,no").Prepend("501,b,yes").Reverse().Prepend("x,color,t"));
        Assert.Equal(before, after.Where(row => row.X < 500));
        Assert.Equal(before, TestRows(
            rows.Select(row => row.Split(',')).Select(cells => $"{cells[1]},{double.Parse(cells[0]) * 100:F0}e-2,1,{cells[2]}").Prepend("color,x,extra,t"),
            ignore: "extra"));
        Assert.NotEqual(before, TestRows(rows.Prepend("x,color,t"), seed: 2));

        static (double X, int Label)[] TestRows(IEnumerable<string> lines, string? ignore = null, ulong seed = 1)
        {
            var data = Parse(string.Join("\n", lines), new TableOptions { Ignore = ignore is null ? [] : [ignore], Seed = seed });
            var at = data.Schema.Columns[0].Name == "x" ? 0 : 3;
            return [.. Enumerable.Range(0, data.Test.Count).Select(row => (data.Test.Values[row * 4 + at], data.Test.Labels[row])).Order()];
        }
    }

    [Fact]
    public void RowsWithEqualInputsAreInOnePart()
    {
        // Every row three times, once with the other class.
        var lines = Enumerable.Range(0, 100).SelectMany(i => new[] { $"{i},{i % 2}", $"{i}.0,{i % 2}", $"{i},{1 - i % 2}" });
        var data = Parse(string.Join("\n", lines.Prepend("x,t"))).WithValidation(0.3, 5);
        double[][] parts = [((TableSplit)data.Train).Values, ((TableSplit)data.Test).Values, ((TableSplit)data.Validation!).Values];
        Assert.Equal(300, parts.Sum(part => part.Length));
        Assert.All(parts, part => Assert.All(part.GroupBy(x => x), group => Assert.Equal(3, group.Count())));
        Assert.InRange(parts[2].Length, 40, 110);
        foreach (var (train, heldOut) in StratifiedKFold.Indices(data.Train, 4, 1))
        {
            Assert.Empty(heldOut.Select(row => parts[0][row]).Intersect(train.Select(row => parts[0][row])));
            Assert.InRange(heldOut.Length, data.Train.Count / 8, data.Train.Count / 2);
        }
    }

    [Fact]
    public void TheRecordOfARunFindsItsRowsInAChangedTable()
    {
        var lines = Enumerable.Range(0, 200).Select(i => $"{i},{i * 7 % 11},{i % 2}").ToList();
        var (data, rows) = Record(lines);
        Assert.Equal(200, rows.Count);
        Assert.Equal("", rows.Match(Keys(lines, data.Schema)).Describe());
        Assert.Equal("", rows.Match(Keys([.. lines.AsEnumerable().Reverse()], data.Schema)).Describe());

        // Changed: a cell of line 50 and the target of line 60. Removed: lines 10 and 11. Added: three.
        lines[50] = "50,1000,0";
        lines[60] = $"60,{60 * 7 % 11},1";
        lines.RemoveRange(10, 2);
        lines.InsertRange(100, ["900,1,0", "901,1,1"]);
        lines.Add("902,1,1");
        var changes = rows.Match(Keys(lines, data.Schema));
        Assert.Equal("3 rows added, 2 rows removed, 2 rows changed", changes.Describe());

        // The parts of the others stay, also those of changed rows.
        var test = data.Test.Values.Where((_, i) => i % 2 == 0).ToHashSet();
        for (var i = 0; i < lines.Count; i++)
        {
            var x = double.Parse(lines[i].Split(',')[0]);
            Assert.Equal(x >= 900 ? null : test.Contains(x) ? SplitPart.Test : SplitPart.Train, changes.Parts[i]);
        }

        // A copy of a training row is a training row.
        var copy = rows.Match(Keys([.. lines, $"{(test.Contains(0) ? "1,7,1" : "0,0,0")}"], data.Schema));
        Assert.Equal((4, true, SplitPart.Train), (copy.Added, copy.IsAdded[^1], copy.Parts[^1]));
    }

    [Fact]
    public void TheRecordIsWrittenAndRead()
    {
        var lines = Enumerable.Range(0, 100).Select(i => $"{i},{i * 7 % 11},{i % 2}").ToList();
        var (data, rows) = Record(lines);
        using var folder = new TempFolder();
        var file = folder.File("rows.json");
        using (var stream = File.Create(file)) rows.Write(stream);
        var read = RecordedRows.Read(file);
        Assert.Equal("", read.Match(Keys(lines, data.Schema)).Describe());
        Assert.Equal(rows.Match(Keys(lines, data.Schema)).Parts, read.Match(Keys(lines, data.Schema)).Parts);
        Assert.Equal((data.Train.Count, 0), (read.CountTrained(data.Train), read.CountTrained(data.Test)));
        Assert.InRange(new FileInfo(file).Length, 100 * 13, 100 * 13 * 2);
        var text = File.ReadAllText(file);
        foreach (var wrong in new[] { "", "null", "{}", text.Replace("100", "101"), text.Replace("\"parts\": \"AA", "\"parts\": \"//") })
        {
            File.WriteAllText(file, wrong);
            Assert.Contains("Restore it", Assert.Throws<DatasetException>(() => RecordedRows.Read(file)).Message);
        }
    }

    [Fact]
    public void ATextAmongNumbersIsNamed()
    {
        var rows = Enumerable.Range(0, 100).Select(i => $"{i % 6},{i % 7 * 1.5},{i % 2}").ToArray();
        rows[16] = "1,n/k,0";
        rows[40] = "1,1 5,0";
        var text = string.Join("\n", rows.Prepend("a,b,t"));
        var warning = Assert.Single(Parse(text).Warnings);
        Assert.Contains("Column 'b' of 't.csv' has numbers, apart from line 18 ('n/k'), line 42 ('1 5'): it is read as a category with 9 levels", warning);
        Assert.Contains("--categorical b", warning);
        Assert.Empty(Parse(text, new TableOptions { Categorical = ["b"] }).Warnings);

        // A category of nearly as many levels as there are rows cannot be meant.
        var many = string.Join("\n", rows.Select((row, i) => i == 16 ? "n/k,0" : $"{i}.25,{i % 2}").Prepend("b,t"));
        Assert.Contains("apart from line 18 ('n/k'). As a category it would", Assert.Throws<DatasetException>(() => Parse(many)).Message);
        Assert.Contains("apart from line 18 ('n/k'). Correct", Assert.Throws<DatasetException>(() => Parse(many, new TableOptions { Target = "b" })).Message);
        Assert.Contains("has texts in line 18 ('n/k'), but regression", Assert.Throws<DatasetException>(
            () => Parse(many, new TableOptions { Target = "b", Task = TaskKind.Regression })).Message);
        var few = string.Join("\n", Enumerable.Range(0, 60).Select(i => $"{i},{(i == 7 ? "l" : $"{i % 3}")}").Prepend("x,t"));
        Assert.Contains("The target 't' of 't.csv' has numbers, apart from line 9 ('l'): its values are taken as 4", Assert.Single(Parse(few).Warnings));
    }

    [Fact]
    public void ColumnsOfNamesAreLeftOutAndNumbersMayBeCategories()
    {
        var text = string.Join("\n", Enumerable.Range(0, 40).Select(i => $"row {i},{8000 + i % 3},{i % 2}").Prepend("name,zip,t"));
        var data = Parse(text);
        Assert.Equal(["zip"], data.Schema.Columns.Select(column => column.Name));
        Assert.Contains(data.Remarks, remark => remark.Contains("Column 'name' was left out"));
        var categories = Parse(text, new TableOptions { Categorical = ["zip", "name"] });
        Assert.Equal(["8000", "8001", "8002"], categories.Schema.Columns[1].Levels);
        Assert.Equal(categories.Train.Count, categories.Schema.Columns[0].Levels!.Count);
        // More rows than levels are counted.
        var large = string.Join("\n", Enumerable.Range(0, 3000).Select(i => $"row {i},{i % 3},{i % 2}").Prepend("name,x,t"));
        Assert.Equal(["x"], Parse(large).Schema.Columns.Select(column => column.Name));
        Assert.Contains("more than 1000 different texts", Assert.Throws<DatasetException>(
            () => Parse(large, new TableOptions { Categorical = ["name"] })).Message);
        var only = string.Join("\n", Enumerable.Range(0, 40).Select(i => $"row {i},{i % 2}").Prepend("name,t"));
        Assert.Contains("Column 'name' was left out", Assert.Throws<DatasetException>(() => Parse(only)).Message);
    }

    [Fact]
    public void Windows1252IsReadAndSaid()
    {
        using var folder = new TempFolder();
        var file = folder.File("t.csv");
        var text = string.Join("\n", Enumerable.Range(0, 40).Select(i => $"{i},{(i % 2 == 0 ? "Zürich" : "5 €")}").Prepend("x,place"));
        File.WriteAllBytes(file, CodePagesEncodingProvider.Instance.GetEncoding(1252)!.GetBytes(text));
        var data = DatasetLoader.LoadTable(file);
        Assert.Equal(["5 €", "Zürich"], data.ClassNames);
        Assert.Contains("is not UTF-8 (line 2), so it is read as Windows-1252", data.Remarks[0]);
        File.WriteAllText(file, text);
        Assert.DoesNotContain(DatasetLoader.LoadTable(file).Remarks, remark => remark.Contains("UTF-8"));
        File.WriteAllText(file, text, Encoding.Unicode);
        Assert.Equal(["5 €", "Zürich"], DatasetLoader.LoadTable(file).ClassNames);
        // A character on the border of two blocks, and one that the file ends within.
        var letters = new string('a', 65_001);
        File.WriteAllText(file, $"x,t\n{string.Concat(Enumerable.Range(0, 20).Select(i => $"{i},{letters}ü\n{i},b\n"))}");
        Assert.DoesNotContain(DatasetLoader.LoadTable(file).Remarks, remark => remark.Contains("UTF-8"));
        File.WriteAllBytes(file, [.. Encoding.UTF8.GetBytes(text), 0xC3]);
        Assert.Contains("(line 41)", DatasetLoader.LoadTable(file).Remarks[0]);
        File.WriteAllBytes(file, [.. Encoding.UTF8.GetBytes("x,t\n1,a\n2,"), 0, 1]);
        Assert.Contains("line 3 has a zero byte", Assert.Throws<DatasetException>(() => DatasetLoader.LoadTable(file)).Message);
    }

    private static (TableDataset Data, RecordedRows Rows) Record(IEnumerable<string> lines)
    {
        var data = Parse(string.Join("\n", lines.Prepend("x,y,t")), new TableOptions { Use = ["x"] });
        return (data, RecordedRows.Of(data, data)!);
    }

    private static RowKey[] Keys(IEnumerable<string> lines, TableSchema schema) =>
        TableFile.Parse("t", "t.csv", () => new StringReader(string.Join("\n", lines.Prepend("x,y,t"))), schema).FileOrder!;

    // From 2, since a column that counts from 0 or 1 is left out.
    private static IEnumerable<string> Rows(int count) => Enumerable.Range(0, count).Select(i => $"{i + 2},{i * 3 % 7},{(i % 2 == 0 ? "yes" : "no")}");

    private static TableDataset Parse(string text, TableOptions? options = null) =>
        TableFile.Parse("t", "t.csv", () => new StringReader(text), options ?? new TableOptions());
}

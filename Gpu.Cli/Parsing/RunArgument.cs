using Gpu.Cli.Output;
using Gpu.Training.Data;
using Gpu.Training.Data.Tables;
using Gpu.Training.Images;
using Gpu.Training.Loop;
using Gpu.Training.Runs;

namespace Gpu.Cli.Parsing;

/// <summary>Run folders given on the command line.</summary>
internal static class RunArgument
{
    /// <summary>Coarse classes of CIFAR-100.</summary>
    public const int CoarseClasses = 20;

    /// <summary>Opens a run. A missing folder is a usage error; its message suggests the nearest or latest run.</summary>
    /// <param name="path">the folder</param>
    /// <param name="toResume">whether to find its checkpoint</param>
    public static RunFolder Open(string path, bool toResume = false)
    {
        if (Directory.Exists(path))
        {
            // Before the data is loaded, which may take minutes.
            if (toResume) RunFolder.RequireNotTraining(path);
            return toResume ? RunFolder.OpenToResume(path) : RunFolder.Open(path);
        }

        var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(path)) is { Length: > 0 } given ? given : "runs";
        var runs = Directory.Exists(parent) ? Directory.GetDirectories(parent).Order(StringComparer.Ordinal).ToArray() : [];
        var hint = ParseErrors.DidYouMean(path, runs);
        if (hint.Length == 0 && runs.Length > 0) hint = $" The latest run in '{parent}' is '{runs.MaxBy(Directory.GetLastWriteTimeUtc)}'.";
        throw new UsageException($"There is no run folder '{path}'.{hint} Give a folder written by 'gputrainer train'.");
    }

    /// <summary>The data source to store in a run: a known name, or the full path of a folder or file, valid in any working directory.</summary>
    public static string Source(string nameOrFolder) =>
        DatasetCatalog.Find(nameOrFolder) is { } entry ? entry.Name
        : ShapesGenerator.Has(nameOrFolder) ? ShapesGenerator.Name
        : Path.Exists(nameOrFolder) ? Path.GetFullPath(nameOrFolder) : nameOrFolder;

    /// <summary>Says which was taken if a name of a data set is also the name of a folder here.</summary>
    public static void NoteSameName(string source, Reporter reporter)
    {
        var isName = DatasetCatalog.Find(source) is not null || TableGenerator.Has(source) || ShapesGenerator.Has(source);
        if (isName && Directory.Exists(source))
            reporter.Note($"'{source}' is taken as the name of a data set, not as the folder here. For the folder write '{Path.Combine(".", source)}'.");
    }

    /// <summary>Whether a data set name or folder is the one that a run was trained on.</summary>
    public static bool IsDatasetOf(RunConfiguration run, string nameOrFolder) =>
        Path.TrimEndingDirectorySeparator(Source(nameOrFolder)) == Path.TrimEndingDirectorySeparator(DatasetOf(run));

    /// <summary>Loads the data of a run again, which may have been moved since.</summary>
    /// <param name="given">the data that the command line names; null for that of the run</param>
    /// <param name="command">the command that names data for the run, without the name of the program</param>
    /// <param name="load">loads the data</param>
    /// <exception cref="TrainingException">
    /// the command line names no data, and that of the run is not found: the command line is valid, the data is gone
    /// </exception>
    public static T LoadData<T>(string? given, string command, Func<T> load)
    {
        try
        {
            return load();
        }
        catch (DatasetNotFoundException e) when (given is null)
        {
            throw new TrainingException($"The data of the run is not found: {e.Message} If it was moved, name its new place: gputrainer {command}.", e);
        }
    }

    /// <summary>How the images of a run are loaded again: resized in the same way, with its classes and its split.</summary>
    public static DatasetOptions DataOptions(RunFolder run, Reporter reporter)
    {
        var split = run.ReadSplit();
        return new DatasetOptions
        {
            Background = run.Configuration.Options.Background,
            ChooseTransform = sizes => TransformOf(run, sizes, reporter),
            Channels = run.Configuration.Normalization.Mean.Length,
            ClassNames = run.Configuration.ClassNames,
            CoarseLabels = run.Configuration.ClassNames.Count == CoarseClasses,
            ClassesOptional = run.Configuration.Task is TaskKind.Autoencoding or TaskKind.Generation && run.Model.ConditionClasses == 0,
            Split = split,
            DrawsByOrder = split is null,
            Note = reporter.Note,
        };
    }

    /// <summary>How images are brought to the input of a run's network; null if they must have its size.</summary>
    public static ImageTransform? TransformOf(RunFolder run, IReadOnlyList<(int Height, int Width)> sizes, Reporter reporter)
    {
        if (run.Configuration.Transform is { } transform) return transform;
        var input = run.Model.Input;
        if (!input.IsImage || sizes.All(size => size == (input.Height, input.Width))) return null;
        reporter.Note($"The images are scaled and center-cropped to {input.Height}x{input.Width}; those that the run was trained on were not resized.");
        return new ImageTransform { Height = input.Height, Width = input.Width };
    }

    /// <summary>The data source of a run.</summary>
    public static string DatasetOf(RunConfiguration run) => run.DatasetSource ?? run.Dataset;
}

using Gpu.Training.IO;

namespace Gpu.Training.Models;

/// <summary>Models as JSON.</summary>
public static class ModelFile
{
    /// <summary>A built-in model by its name, or the model that a JSON file describes.</summary>
    /// <exception cref="ModelException">no such name and no such file, or the file does not describe a model</exception>
    public static Model Find(string nameOrFile)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(nameOrFile);
        if (BuiltInModels.Names.Contains(nameOrFile)) return BuiltInModels.Get(nameOrFile);
        if (File.Exists(nameOrFile)) return Load(nameOrFile);
        if (nameOrFile.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || nameOrFile.Contains('/') || nameOrFile.Contains('\\'))
            throw new ModelException($"There is no model file '{nameOrFile}'. Give the path of a JSON file, or one of the built-in models: "
                + $"{string.Join(", ", BuiltInModels.Names)}.");
        return BuiltInModels.Get(nameOrFile);
    }

    /// <summary>Reads a model from a JSON file.</summary>
    /// <exception cref="ModelException">the file cannot be read or does not describe a model; the message says where and why</exception>
    public static Model Load(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"The model file '{path}' cannot be read: {e.Message}", e);
        }

        return Parse(text, path);
    }

    /// <summary>Reads a model from JSON text.</summary>
    /// <param name="json">the text</param>
    /// <param name="source">what to call it in messages, a file's name</param>
    /// <exception cref="ModelException">the text does not describe a model; the message says where and why</exception>
    public static Model Parse(string json, string source = "the model") => ModelReader.Read(json, source);

    /// <summary>The JSON text of a model, which <see cref="Parse"/> reads.</summary>
    public static string Write(Model model) => ModelWriter.Write(model);

    /// <summary>Writes a model to a file, in one piece or not at all.</summary>
    public static void Save(Model model, string path) => AtomicFile.WriteAllText(path, Write(model));
}

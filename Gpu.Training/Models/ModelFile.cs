using Gpu.Training.IO;
using Gpu.Training.Shapes;

namespace Gpu.Training.Models;

/// <summary>Reads and writes models as JSON.</summary>
public static class ModelFile
{
    /// <summary>Finds a built-in model by name, or reads a model from a JSON file.</summary>
    /// <param name="nameOrFile">the name of a built-in model, or the path of a file</param>
    /// <exception cref="ModelException">there is no such built-in model or file, or the file does not describe a valid model</exception>
    public static Model Find(string nameOrFile)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(nameOrFile);
        if (BuiltInModels.Names.Contains(nameOrFile)) return BuiltInModels.Get(nameOrFile);
        if (File.Exists(nameOrFile)) return Load(nameOrFile);
        if (nameOrFile.EndsWith(".json", StringComparison.OrdinalIgnoreCase) || nameOrFile.Contains('/') || nameOrFile.Contains('\\'))
        {
            throw new ModelException(
                $"There is no model file '{nameOrFile}'. Give the path of a JSON file, or one of the built-in models: "
                + $"{string.Join(", ", BuiltInModels.Names)}.");
        }

        return BuiltInModels.Get(nameOrFile);
    }

    /// <summary>Finds a built-in model by name and adapts it to the data, or reads a model from a JSON file, as it is.</summary>
    /// <param name="nameOrFile">the name of a built-in model, or the path of a file</param>
    /// <param name="input">the shape of a sample</param>
    /// <param name="outputs">number of outputs, at least 1</param>
    /// <exception cref="ModelException">
    /// there is no such built-in model or file, the file does not describe a valid model, or a layer cannot take the input; the message names it
    /// </exception>
    public static Model FindFor(string nameOrFile, TensorShape input, int outputs) =>
        BuiltInModels.Names.Contains(nameOrFile) ? BuiltInModels.Create(nameOrFile, input, outputs) : Find(nameOrFile);

    /// <summary>Reads a model from a JSON file.</summary>
    /// <exception cref="ModelException">the file cannot be read, or does not describe a valid model; the message says where and why</exception>
    public static Model Load(string path)
    {
        string text;
        try
        {
            text = RegularFile.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelException($"The model file '{path}' cannot be read: {e.Message}", e);
        }

        return Parse(text, path);
    }

    /// <summary>Reads a model from JSON text.</summary>
    /// <param name="json">the text</param>
    /// <param name="source">the name of the source for messages, such as the file name</param>
    /// <exception cref="ModelException">the text does not describe a valid model; the message says where and why</exception>
    public static Model Parse(string json, string source = "the model") => ModelReader.Read(json, source);

    /// <summary>Converts a model to JSON text that <see cref="Parse"/> reads.</summary>
    public static string Write(Model model) => ModelWriter.Write(model);

    /// <summary>Writes a model to a JSON file. The write is atomic: a failure leaves an existing file unchanged.</summary>
    public static void Save(Model model, string path) => AtomicFile.WriteAllText(path, Write(model));
}

using Gpu.Training.Models;

namespace Gpu.Cli.Parsing;

/// <summary>Finds a model by name or file.</summary>
internal static class ModelArgument
{
    /// <summary>Returns the model. An unknown name is a usage error; a damaged file is a run-time failure.</summary>
    public static Model Find(string nameOrFile)
    {
        try
        {
            return ModelFile.Find(nameOrFile);
        }
        catch (ModelException mistake) when (!File.Exists(nameOrFile))
        {
            throw new UsageException(mistake.Message, mistake);
        }
    }
}

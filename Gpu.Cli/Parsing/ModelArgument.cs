using Gpu.Training.Models;

namespace Gpu.Cli.Parsing;

/// <summary>Models by name or file.</summary>
internal static class ModelArgument
{
    /// <summary>The model; a name that is not known is a mistake in the command, a file that is damaged is not.</summary>
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

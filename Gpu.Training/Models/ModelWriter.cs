namespace Gpu.Training.Models;

internal static class ModelWriter
{
    public static string Write(Model model) => throw new NotImplementedException();
}

namespace Gpu.Training.Data;

/// <summary>An image file of a data set.</summary>
/// <param name="Path">Path of the file.</param>
/// <param name="Name">Path relative to the folder of the data set, in Unicode normalization form C, with '/' between folders.</param>
/// <param name="Class">Name of the class folder, in Unicode normalization form C.</param>
/// <param name="Part">The part whose folder the file is in; null if the folder of the data set is not divided.</param>
internal sealed record ImageFile(string Path, string Name, string Class, SplitPart? Part);

namespace Gpu.Training.Data;

/// <summary>The part of a data set that an image belongs to.</summary>
public enum SplitPart
{
    /// <summary>Trained on.</summary>
    Train,

    /// <summary>Used to choose settings and weights.</summary>
    Validation,

    /// <summary>Used to judge the result.</summary>
    Test,

    /// <summary>Left out by a limit.</summary>
    Unused,

    /// <summary>Left out because it could not be read.</summary>
    Unreadable,
}

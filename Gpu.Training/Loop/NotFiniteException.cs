namespace Gpu.Training.Loop;

/// <summary>The loss or a weight is not a finite number.</summary>
internal sealed class NotFiniteException(string message) : Exception(message)
{
    /// <summary>Checks a loss.</summary>
    /// <param name="loss">the loss</param>
    /// <param name="what">what it is, for the message</param>
    /// <exception cref="NotFiniteException">the loss is NaN or infinite</exception>
    public static void Require(double loss, string what = "training loss")
    {
        if (!double.IsFinite(loss)) throw new NotFiniteException($"the {what} is {(double.IsNaN(loss) ? "NaN" : "infinite")}");
    }
}

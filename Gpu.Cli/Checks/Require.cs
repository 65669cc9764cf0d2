namespace Gpu.Cli.Checks;

/// <summary>The conditions of checks.</summary>
internal static class Require
{
    /// <exception cref="CheckFailedException">the condition is false</exception>
    public static void True(bool condition, string? message = null)
    {
        if (!condition) throw new CheckFailedException(message ?? "a condition is false");
    }

    /// <exception cref="CheckFailedException">the values differ</exception>
    public static void Equal<T>(T expected, T got)
    {
        if (!EqualityComparer<T>.Default.Equals(expected, got)) throw new CheckFailedException($"got {got}, expected {expected}");
    }

    /// <exception cref="CheckFailedException">the values differ by more than the tolerance</exception>
    public static void Equal(double expected, double got, double tolerance)
    {
        if (!(Math.Abs(got - expected) <= tolerance)) throw new CheckFailedException($"got {got:R}, expected {expected:R} within {tolerance:E1}");
    }

    /// <exception cref="CheckFailedException">the lists differ</exception>
    public static void Equal<T>(IEnumerable<T> expected, IEnumerable<T> got)
    {
        var (wanted, found) = (expected.ToArray(), got.ToArray());
        if (wanted.Length != found.Length) throw new CheckFailedException($"got {found.Length} elements, expected {wanted.Length}");
        for (var i = 0; i < wanted.Length; i++)
        {
            if (!EqualityComparer<T>.Default.Equals(wanted[i], found[i]))
                throw new CheckFailedException($"element {i} of {found.Length} is {found[i]}, expected {wanted[i]}");
        }
    }

    /// <inheritdoc cref="Equal{T}(IEnumerable{T}, IEnumerable{T})"/>
    public static void Equal<T>(T[] expected, T[] got) => Equal<T>((IEnumerable<T>)expected, got);

    /// <exception cref="CheckFailedException">no element meets the condition</exception>
    public static void Contains<T>(IEnumerable<T> values, Predicate<T> condition) =>
        True(values.Any(value => condition(value)), "no element meets the condition");

    /// <exception cref="CheckFailedException">the text does not contain the part</exception>
    public static void Contains(string part, string text) => True(text.Contains(part, StringComparison.Ordinal), $"'{text}' does not contain '{part}'");

    /// <exception cref="CheckFailedException">the values are equal</exception>
    public static void NotEqual(float first, float second) => True(first != second, $"both are {first}");

    /// <summary>Runs an assertion on every element.</summary>
    public static void All<T>(IEnumerable<T> values, Action<T> check)
    {
        foreach (var value in values) check(value);
    }

    /// <exception cref="CheckFailedException">the value is outside [from, to]</exception>
    public static void InRange<T>(T value, T from, T to)
        where T : IComparable<T> => True(value.CompareTo(from) >= 0 && value.CompareTo(to) <= 0, $"{value} is not between {from} and {to}");

    /// <exception cref="CheckFailedException">the lists are equal</exception>
    public static void NotEqual<T>(IEnumerable<T> first, IEnumerable<T> second) => True(!first.SequenceEqual(second), "the lists are equal");

    /// <exception cref="CheckFailedException">the action throws something else, or nothing</exception>
    public static T Throws<T>(Action action)
        where T : Exception
    {
        try
        {
            action();
        }
        catch (T e)
        {
            return e;
        }

        throw new CheckFailedException($"no {typeof(T).Name} was thrown");
    }
}

using Gpu.Training.Data;

namespace Gpu.Tests.Data;

public class UnicodeNamesTests
{
    // Decomposed, and what Python's unicodedata.normalize("NFC", ...) makes of it.
    [Theory]
    [InlineData("cafe\u0301", "caf\u00E9")]
    [InlineData("A\u030Angstrom", "\u00C5ngstrom")]
    [InlineData("a\u0323\u0302", "\u1EAD")]
    [InlineData("a\u0302\u0323", "\u1EAD")]
    [InlineData("e\u0323\u0302\u0301", "\u1EC7\u0301")]
    [InlineData("d\u0323\u0307", "\u1E0D\u0307")]
    [InlineData("\u306F\u3099", "\u3070")]
    [InlineData("\u0438\u0306", "\u0439")]
    [InlineData("\u1100\u1161\u1100\u1161\u11A8", "\uAC00\uAC01")]
    [InlineData("\u1112\u1161\u11AB\u1100\u1173\u11AF", "\uD55C\uAE00")]
    [InlineData("\U0001F431 kitten", "\U0001F431 kitten")]
    [InlineData("plain-name_1", "plain-name_1")]
    public void ComposesNames(string decomposed, string composed)
    {
        Assert.Equal(composed, UnicodeNames.Normalize(decomposed));
        Assert.Equal(composed, UnicodeNames.Normalize(composed));
    }
}

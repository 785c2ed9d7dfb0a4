using Llm42.Tokenization.Regexes;

namespace Llm42.Tests.Tokenization;

[TestClass]
public sealed class RegexPatternTests
{
    [TestMethod]
    [DataRow("(a")]
    [DataRow("a)")]
    [DataRow("[a")]
    [DataRow("*a")]
    [DataRow("a{2,1}")]
    [DataRow("a{1001}")]
    [DataRow("a{99999999999}")]
    [DataRow("a{,}")]
    [DataRow("a{2}?")]
    [DataRow("(a*)*")]
    [DataRow("(?<name>a)")]
    [DataRow("(?<=ab)c")]
    [DataRow("(?i)a")]
    [DataRow("(?i:ss)")]
    [DataRow("(?i:é)")]
    [DataRow("(?i:\\p{Lu})")]
    [DataRow("\\p{Han}")]
    [DataRow("\\pL")]
    [DataRow("\\p{L")]
    [DataRow("\\1")]
    [DataRow("\\")]
    [DataRow("\\x{110000}")]
    [DataRow("\\u12")]
    [DataRow("[a[b]]")]
    [DataRow("[a&&b]")]
    [DataRow("[b-a]")]
    [DataRow("[[:alpha:]]")]
    [DataRow("(?!a)+")]
    [DataRow("((((((a{100}b){100}){100}){100}){100}){100})")]
    public void What_is_not_understood_is_refused(string pattern)
    {
        RegexSyntaxException error = Assert.ThrowsExactly<RegexSyntaxException>(() => new RegexPattern(pattern));

        StringAssert.Contains(error.Message, pattern, StringComparison.Ordinal);
    }

    [TestMethod]
    public void Deep_nesting_is_refused() => Assert.ThrowsExactly<RegexSyntaxException>(
        () => new RegexPattern(new string('(', 100_000) + new string(')', 100_000)));

    [TestMethod]
    public void Endless_backtracking_is_an_error()
    {
        var pattern = new RegexPattern("(?:a|a)+b");
        string text = new('a', 60);

        InvalidOperationException error = Assert.ThrowsExactly<InvalidOperationException>(() => pattern.TryFind(text, 0, out _, out _));

        StringAssert.Contains(error.Message, "(?:a|a)+b", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_character_beyond_the_basic_plane_is_one_letter()
    {
        var pattern = new RegexPattern("\\p{Lu}{2}");

        Assert.IsTrue(pattern.TryFind("x𝔘𐐀", 0, out int start, out int end));
        Assert.AreEqual((1, 5), (start, end));
        Assert.IsFalse(pattern.TryFind("x𝔘x", 0, out _, out _));
    }
}

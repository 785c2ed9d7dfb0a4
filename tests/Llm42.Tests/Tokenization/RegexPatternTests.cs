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
    [DataRow("(?<=a+)c")]
    [DataRow("(?<!a|b*)c")]
    [DataRow("(?i)a")]
    [DataRow("(?m:a)")]
    [DataRow("(?i:\\p{Greek})")]
    [DataRow("\\p{Klingon}")]
    [DataRow("\\p{Script=Han}")]
    [DataRow("[a-[b]]")]
    [DataRow("[a[b]")]
    [DataRow("[a&&")]
    [DataRow("a{1,100000}")]
    [DataRow("(?i:ss)")]
    [DataRow("(?i:é)")]
    [DataRow("(?i:\\p{Lu})")]
    [DataRow("\\pL")]
    [DataRow("\\p{L")]
    [DataRow("\\1")]
    [DataRow("\\")]
    [DataRow("\\x{110000}")]
    [DataRow("\\u12")]
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
    [DataRow("(", ")")]
    [DataRow("[", "]")]
    [DataRow("[^a", "]")]
    [DataRow("(?<=", ")")]
    public void Deep_nesting_is_refused(string open, string close) => Assert.ThrowsExactly<RegexSyntaxException>(
        () => new RegexPattern(string.Concat(Enumerable.Repeat(open, 100_000)) + string.Concat(Enumerable.Repeat(close, 100_000))));

    [TestMethod]
    public void Many_intersections_are_refused() => StringAssert.Contains(
        Assert.ThrowsExactly<RegexSyntaxException>(() => new RegexPattern(string.Concat(Enumerable.Repeat("[a&&b]", 1000)))).Message,
        "64",
        StringComparison.Ordinal);

    // The steps of a text are counted, so that growth can be tested without a clock.
    [TestMethod]
    [DataRow("\\s+$", "\t \u3000", "x")]
    [DataRow("\\p{L}+(?=\\d)", "aé", " ")]
    [DataRow("\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+", " ", "x")]
    [DataRow("[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lo}]*[\\p{Ll}\\p{Lo}]+|[^\\r\\n\\p{L}\\p{N}]?[\\p{Lu}\\p{Lo}]+[\\p{Ll}\\p{Lo}]*", "A", "!")]
    public void Steps_grow_with_the_text(string pattern, string repeated, string end)
    {
        long shortText = Steps(pattern, string.Concat(Enumerable.Repeat(repeated, 500)) + end);
        long longText = Steps(pattern, string.Concat(Enumerable.Repeat(repeated, 5000)) + end);

        Assert.IsGreaterThan(500, shortText);
        Assert.IsLessThan(12 * shortText, longText);
    }

    [TestMethod]
    [DataRow("(a+)+b")]
    [DataRow("(?:a|aa)+$b")]
    [DataRow("(?:a{1,1000}){1,10}b")]
    [DataRow("a.*b|a")]
    [DataRow("(?=(?:a+)+b)a|c")]
    [DataRow("(?<=a)(?>a|aa)*?b")]
    public void Patterns_that_backtrack_too_much_are_named(string pattern)
    {
        string text = new('a', 30_000);
        InvalidOperationException error = Assert.ThrowsExactly<InvalidOperationException>(() => Steps(pattern, text));

        StringAssert.Contains(error.Message, pattern, StringComparison.Ordinal);
    }

    private static long Steps(string pattern, string text)
    {
        var regex = new RegexPattern(pattern);
        long steps = RegexPattern.StepsFor(text.Length);
        for (int from = 0; from <= text.Length && regex.TryFind(text, from, ref steps, out _, out int end); from = Math.Max(end, from + 1))
        {
        }

        return RegexPattern.StepsFor(text.Length) - steps;
    }

    [TestMethod]
    public void Endless_backtracking_is_an_error()
    {
        var pattern = new RegexPattern("(?:a|a)+b");
        string text = new('a', 60);

        long steps = RegexPattern.StepsFor(text.Length);
        InvalidOperationException error = Assert.ThrowsExactly<InvalidOperationException>(() => pattern.TryFind(text, 0, ref steps, out _, out _));

        StringAssert.Contains(error.Message, "(?:a|a)+b", StringComparison.Ordinal);
    }

    [TestMethod]
    public void A_character_beyond_the_basic_plane_is_one_letter()
    {
        var pattern = new RegexPattern("\\p{Lu}{2}");

        long steps = 1000;
        Assert.IsTrue(pattern.TryFind("x𝔘𐐀", 0, ref steps, out int start, out int end));
        Assert.AreEqual((1, 5), (start, end));
        Assert.IsFalse(pattern.TryFind("x𝔘x", 0, ref steps, out _, out _));
    }
}

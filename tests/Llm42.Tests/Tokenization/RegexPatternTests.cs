using Llm42.Tokenization.Regexes;
using Llm42.Tokenization.Unicode;

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
    [DataRow("?")]
    [DataRow("+")]
    [DataRow("{1}")]
    public void Many_quantifiers_are_refused(string quantifier) => Assert.ThrowsExactly<RegexSyntaxException>(
        () => new RegexPattern("a" + string.Concat(Enumerable.Repeat(quantifier, 100_000))));

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
        MatchBudget budget = MatchBudget.Take(text.Length);
        long steps = budget.Steps;
        for (int from = 0; from <= text.Length && regex.TryFind(text, from, budget, out _, out int end); from = Math.Max(end, from + 1))
        {
        }

        return steps - budget.Steps;
    }

    // The numbers are the Rust library's, for the planes where characters are: its tables are those of Unicode 16.
    [TestMethod]
    [DataRow("\\p{L}", 141028)]
    [DataRow("\\p{Lu}", 1858)]
    [DataRow("\\p{Ll}", 2258)]
    [DataRow("\\p{Lt}", 31)]
    [DataRow("\\p{Lm}", 404)]
    [DataRow("\\p{Lo}", 136477)]
    [DataRow("\\p{M}", 2501)]
    [DataRow("\\p{Mn}", 2020)]
    [DataRow("\\p{Mc}", 468)]
    [DataRow("\\p{Me}", 13)]
    [DataRow("\\p{N}", 1911)]
    [DataRow("\\p{Nd}", 760)]
    [DataRow("\\p{Nl}", 236)]
    [DataRow("\\p{No}", 915)]
    [DataRow("\\p{P}", 855)]
    [DataRow("\\p{Pc}", 10)]
    [DataRow("\\p{Pd}", 27)]
    [DataRow("\\p{Ps}", 79)]
    [DataRow("\\p{Pe}", 77)]
    [DataRow("\\p{Pi}", 12)]
    [DataRow("\\p{Pf}", 10)]
    [DataRow("\\p{Po}", 640)]
    [DataRow("\\p{S}", 8514)]
    [DataRow("\\p{Sm}", 950)]
    [DataRow("\\p{Sc}", 63)]
    [DataRow("\\p{Sk}", 125)]
    [DataRow("\\p{So}", 7376)]
    [DataRow("\\p{Z}", 19)]
    [DataRow("\\p{Cc}", 65)]
    [DataRow("\\p{Cf}", 170)]
    [DataRow("\\p{Han}", 99030)]
    [DataRow("\\p{Hiragana}", 381)]
    [DataRow("\\p{Katakana}", 321)]
    [DataRow("\\p{Hangul}", 11739)]
    [DataRow("\\p{Latin}", 1487)]
    [DataRow("\\p{Thai}", 86)]
    [DataRow("\\s", 25)]
    [DataRow("\\w", 144671)]
    [DataRow("\\d", 760)]
    public void A_class_has_as_many_characters_as_in_the_Rust_library(string pattern, int count)
    {
        CodePointSet set = ((RegexNode.Set)RegexParser.Parse(pattern)).CodePoints;

        Assert.AreEqual(count, Enumerable.Range(0, 0x33000).Concat(Enumerable.Range(0xE0000, 0x301)).Count(set.Contains));
    }
}

using Llm42.Generation;

namespace Llm42.Tests.Generation;

[TestClass]
public sealed class StopStringScannerTests
{
    [TestMethod]
    [DataRow("a b c", "x", "a b c", false, DisplayName = "absent")]
    [DataRow("one END two", "END", "one ", true, DisplayName = "present")]
    [DataRow("END", "END", "", true, DisplayName = "at once")]
    [DataRow("EEND", "END", "E", true, DisplayName = "behind a false start")]
    [DataRow("aabaabaac", "aabaac", "aab", true, DisplayName = "behind an overlapping false start")]
    [DataRow("almost EN", "END", "almost EN", false, DisplayName = "cut short")]
    [DataRow("xabcx", "abc|b", "xa", true, DisplayName = "the first that is complete")]
    [DataRow("xabc", "c|abc|bc", "x", true, DisplayName = "the longest of those complete at once")]
    public void Text_ends_before_a_stop_string_however_it_is_cut(string text, string stops, string expected, bool stopped)
    {
        for (var cuts = 0; cuts < 1 << (text.Length - 1); cuts++)
        {
            var scanner = new StopStringScanner(stops.Split('|'));
            var answer = "";
            var start = 0;
            for (var i = 1; i <= text.Length; i++)
            {
                if (i < text.Length && (cuts >> (i - 1) & 1) == 0)
                    continue;
                answer += scanner.Append(text[start..i]);
                Assert.StartsWith(answer, expected, $"cuts {cuts:b}: text was shown that the answer does not hold");
                start = i;
            }
            Assert.AreEqual(stopped, scanner.IsStopped, $"cuts {cuts:b}");
            Assert.AreEqual(expected, answer + scanner.Flush(), $"cuts {cuts:b}");
        }
    }

    [TestMethod]
    public void Only_what_may_begin_a_stop_string_is_held_back()
    {
        var scanner = new StopStringScanner(["END"]);
        Assert.AreEqual("go ", scanner.Append("go E"));
        Assert.AreEqual("", scanner.Append("N"));
        Assert.AreEqual("ENo", scanner.Append("o"));
    }

    [TestMethod]
    public void A_fork_goes_its_own_way()
    {
        var scanner = new StopStringScanner(["END"]);
        scanner.Append("E");
        var fork = scanner.Fork();
        fork.Append("ND");
        Assert.IsTrue(fork.IsStopped);
        Assert.IsFalse(scanner.IsStopped);
        Assert.AreEqual("Ex", scanner.Append("x"));
    }
}

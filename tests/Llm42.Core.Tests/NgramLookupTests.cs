using Llm42.Core.Verification;

namespace Llm42.Core.Tests;

/// <summary>What a text is guessed to go on with.</summary>
[TestClass]
public sealed class NgramLookupTests
{
    [TestMethod]
    [DataRow(new[] { 1, 2, 3, 4, 9, 1, 2, 3 }, 2, new[] { 4, 9 }, DisplayName = "what followed the last three")]
    [DataRow(new[] { 8, 2, 3, 4, 9, 1, 2, 3 }, 2, new[] { 4, 9 }, DisplayName = "what followed the last two")]
    [DataRow(new[] { 8, 7, 3, 4, 9, 1, 2, 3 }, 2, new[] { 4, 9 }, DisplayName = "what followed the last one")]
    [DataRow(new[] { 1, 2, 3, 4, 0, 2, 3, 5, 0, 1, 2, 3 }, 1, new[] { 4 }, DisplayName = "the longest ending goes first")]
    [DataRow(new[] { 1, 2, 3, 4, 1, 2, 3, 5, 1, 2, 3 }, 1, new[] { 5 }, DisplayName = "then the latest place")]
    [DataRow(new[] { 5, 6, 7, 5, 6, 7 }, 5, new[] { 5, 6, 7, 5, 6 }, DisplayName = "a period goes on")]
    [DataRow(new[] { 4, 4 }, 3, new[] { 4, 4, 4 }, DisplayName = "a token that repeats goes on")]
    [DataRow(new[] { 1, 2, 3 }, 4, new int[0], DisplayName = "nothing stood there before")]
    [DataRow(new[] { 1 }, 4, new int[0], DisplayName = "a single token")]
    [DataRow(new int[0], 4, new int[0], DisplayName = "no text")]
    [DataRow(new[] { 4, 4, 4 }, 0, new int[0], DisplayName = "nothing is asked for")]
    public void A_guess_is_what_followed_before(int[] text, int most, int[] expected) =>
        CollectionAssert.AreEqual(expected, NgramLookup.Find(text, most));
}

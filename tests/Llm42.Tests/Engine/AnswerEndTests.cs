using Llm42.Core.Requests;

namespace Llm42.Tests.Engine;

/// <summary>What ends an answer, and what of the end is shown.</summary>
[TestClass]
public sealed class AnswerEndTests
{
    [TestMethod]
    public async Task The_token_limit_ends_it()
    {
        await using var engine = FakeEngine.Alphabet(out _);
        var answer = await engine.CompleteAsync("a", new GenerationOptions { MaxTokens = 3 });
        Assert.AreEqual("bcd", answer.Text);
        Assert.AreEqual(FinishReason.Length, answer.FinishReason);
        Assert.AreEqual(new TokenUsage(1, 3, 0), answer.Usage);
    }

    [TestMethod]
    public async Task An_end_token_ends_it_and_is_not_shown()
    {
        await using var engine = FakeEngine.Alphabet(out _, null, 4);
        var answer = await engine.CompleteAsync("a");
        Assert.AreEqual("bcd", answer.Text);
        Assert.AreEqual("1,2,3,4", string.Join(",", answer.TokenIds));
        Assert.AreEqual(FinishReason.Stop, answer.FinishReason);
    }

    [TestMethod]
    public async Task An_end_token_may_be_ignored()
    {
        await using var engine = FakeEngine.Alphabet(out _, null, 4);
        var answer = await engine.CompleteAsync("a", new GenerationOptions { IgnoreEos = true, MaxTokens = 6 });
        Assert.AreEqual("bcdefg", answer.Text);
    }

    [TestMethod]
    public async Task A_stop_string_ends_it_and_is_not_shown()
    {
        await using var engine = FakeEngine.Alphabet(out var executor);
        var answer = await engine.CompleteAsync("a", new GenerationOptions { Stop = ["xyz", "fgh"] });
        Assert.AreEqual("bcde", answer.Text);
        Assert.AreEqual("1,2,3,4,5,6,7", string.Join(",", answer.TokenIds));
        Assert.AreEqual(FinishReason.Stop, answer.FinishReason);
        Assert.AreEqual(7, executor.Steps);
    }

    [TestMethod]
    public async Task Text_that_only_began_a_stop_string_is_shown_at_the_end()
    {
        await using var engine = FakeEngine.Alphabet(out _);
        var answer = await engine.CompleteAsync("a", new GenerationOptions { Stop = ["efgz"], MaxTokens = 6 });
        Assert.AreEqual("bcdefg", answer.Text);
        Assert.AreEqual(FinishReason.Length, answer.FinishReason);
    }

    [TestMethod]
    public async Task Special_tokens_have_no_text()
    {
        await using var engine = FakeEngine.Of(new FakeExecutor(position => position == 2 ? LetterTokenizer.Special : 0));
        var answer = await engine.CompleteAsync("a", new GenerationOptions { MaxTokens = 3 });
        Assert.AreEqual("aa", answer.Text);
        Assert.HasCount(3, answer.TokenIds);
    }

    [TestMethod]
    public async Task Only_the_last_piece_says_how_it_ended()
    {
        await using var engine = FakeEngine.Alphabet(out _);
        var chunks = new List<GenerationChunk>();
        await foreach (var chunk in engine.GenerateAsync("a", new GenerationOptions { MaxTokens = 5 }))
            chunks.Add(chunk);
        Assert.IsTrue(chunks[..^1].TrueForAll(c => c.FinishReason is null && c.Usage is null && c.Statistics is null));
        Assert.AreEqual(FinishReason.Length, chunks[^1].FinishReason);
        Assert.IsNotNull(chunks[^1].Usage);
        Assert.IsNotNull(chunks[^1].Statistics);
        Assert.IsEmpty(chunks[^1].Tokens);
        Assert.AreEqual("1,2,3,4,5", string.Join(",", chunks.SelectMany(c => c.TokenIds)));
    }
}

using Llm42.Core.Engine;
using Llm42.Core.Requests;

namespace Llm42.Tests.Engine;

/// <summary>Stop strings over real tokens, with drafts in windows that end anywhere in them.</summary>
[TestClass]
public sealed class StopStringTests
{
    private static readonly GenerationOptions Greedy = new() { Temperature = 0, MaxTokens = 60, IsDeterministic = true };

    [TestMethod]
    [DataRow(1)]
    [DataRow(3)]
    [DataRow(64)]
    public async Task An_answer_ends_at_the_same_place_whatever_the_window(int window)
    {
        // Planning for many threads makes fast numerics differ from invariant ones, so that there are drafts.
        await using var engine = await Stories.LoadAsync(new InferenceEngineOptions
        {
            Threads = 1,
            PlannedThreads = 32,
            Engine = new EngineOptions { Window = window, Drafter = DrafterKind.Same, CheckIntegrity = true },
        });
        var whole = await engine.CompleteAsync(Stories.Prompt, Greedy);
        Assert.IsGreaterThan(0, whole.Statistics.TokensDrafted);
        for (var start = 0; start + 7 < whole.Text.Length; start += 7)
        {
            var stop = whole.Text.Substring(start, 7);
            var answer = await engine.CompleteAsync(Stories.Prompt, Greedy with { Stop = [stop, "no such text"] });
            Assert.AreEqual(whole.Text[..whole.Text.IndexOf(stop, StringComparison.Ordinal)], answer.Text, stop);
            Assert.AreEqual(FinishReason.Stop, answer.FinishReason, stop);

            var ids = answer.TokenIds.ToArray();
            CollectionAssert.AreEqual(whole.TokenIds.Take(ids.Length).ToArray(), ids, stop);
            Assert.Contains(stop, engine.Tokenizer!.Decode(ids, true));
            Assert.DoesNotContain(stop, engine.Tokenizer.Decode(ids.AsSpan(..^1), true));
        }
    }

    [TestMethod]
    public async Task No_streamed_piece_shows_a_part_of_a_stop_string()
    {
        await using var engine = await Stories.LoadAsync();
        var whole = await engine.CompleteAsync(Stories.Prompt, Greedy);
        var stop = whole.Text.Substring(40, 12);
        var expected = whole.Text[..whole.Text.IndexOf(stop, StringComparison.Ordinal)];
        var text = "";
        await foreach (var chunk in engine.GenerateAsync(Stories.Prompt, Greedy with { Stop = [stop] }))
        {
            text += chunk.Text;
            Assert.StartsWith(text, expected);
        }
        Assert.AreEqual(expected, text);
    }
}

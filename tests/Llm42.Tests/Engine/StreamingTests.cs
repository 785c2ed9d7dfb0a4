using System.Text;

namespace Llm42.Tests.Engine;

/// <summary>A real model's answers, piece by piece and many at once.</summary>
[TestClass]
public sealed class StreamingTests
{
    private static readonly string[] Prompts = [Stories.Prompt, "Tom was very sad because", "Zoë ate a naïve 🍎."];

    [TestMethod]
    public async Task The_pieces_are_the_whole()
    {
        await using var engine = await Stories.LoadAsync();
        foreach (var prompt in Prompts)
        {
            var options = new GenerationOptions { Temperature = 1.5f, Seed = 7, MaxTokens = 150, IsDeterministic = true };
            var whole = await engine.CompleteAsync(prompt, options);
            var text = new StringBuilder();
            var ids = new List<int>();
            await foreach (var chunk in engine.GenerateAsync(prompt, options))
            {
                text.Append(chunk.Text);
                ids.AddRange(chunk.TokenIds);
            }
            CollectionAssert.AreEqual(whole.TokenIds.ToArray(), ids, prompt);
            Assert.AreEqual(whole.Text, text.ToString(), prompt);
            Assert.AreEqual(engine.Tokenizer!.Decode(ids.ToArray(), skipSpecialTokens: true), whole.Text, prompt);
        }
    }

    [TestMethod]
    public async Task Requests_of_several_threads_do_not_mix()
    {
        await using var engine = await Stories.LoadAsync();
        var options = Enumerable.Range(0, 24).Select(i => new GenerationOptions
        {
            Temperature = 0.9f,
            Seed = (ulong)i,
            MaxTokens = 20 + i,
            IsDeterministic = i % 2 == 0,
        }).ToArray();
        var alone = new List<GenerationResult>();
        for (var i = 0; i < options.Length; i++)
            alone.Add(await engine.CompleteAsync(Prompts[i % Prompts.Length], options[i]));

        var together = await Task.WhenAll(options.Select((o, i) => Task.Run(
            () => engine.CompleteAsync(Prompts[i % Prompts.Length], o))));
        for (var i = 0; i < options.Length; i++)
        {
            Assert.AreEqual(alone[i].Text, together[i].Text, $"request {i}");
            if (options[i].IsDeterministic)
                CollectionAssert.AreEqual(Bits(alone[i]), Bits(together[i]), $"request {i}");
        }
        Assert.AreNotEqual(alone[0].Text, alone[3].Text);
    }

    private static int[] Bits(GenerationResult result) =>
        [.. result.Tokens.Select(token => BitConverter.SingleToInt32Bits(token.Logprob))];
}

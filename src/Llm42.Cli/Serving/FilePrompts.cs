using Llm42.Cli.Remote;

namespace Llm42.Cli.Serving;

/// <summary>Prompts of a file: in a random choice, none twice before each was taken once.</summary>
internal sealed class FilePrompts(IReadOnlyList<PromptLine> lines, LengthDistribution outputLength) : IPromptSource
{
    public IReadOnlyList<(RemotePrompt Prompt, int MaxTokens)> Select(int count, Random random)
    {
        var selected = new List<(RemotePrompt, int)>(count);
        PromptLine[] deck = [.. lines];
        while (selected.Count < count)
        {
            random.Shuffle(deck);
            foreach (PromptLine line in deck.Take(count - selected.Count))
                selected.Add((line.Prompt, line.MaxTokens ?? outputLength.Draw(random)));
        }

        return selected;
    }
}

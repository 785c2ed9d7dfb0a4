using System.Text;
using Llm42.Core.Requests;

namespace Llm42.Server.Answers;

/// <summary>An answer put together from its pieces.</summary>
internal sealed class CollectedAnswer
{
    private readonly StringBuilder _text = new();

    public string Text => _text.ToString();

    public List<TokenEvent> Tokens { get; } = [];

    /// <summary>The last piece, which says how the answer ended.</summary>
    public GenerationChunk Last { get; private set; }

    /// <summary>Waits for all answers of a stream.</summary>
    public static async Task<CollectedAnswer[]> CollectAsync(IAsyncEnumerable<GenerationChunk> chunks, int count)
    {
        var answers = Enumerable.Range(0, count).Select(_ => new CollectedAnswer()).ToArray();
        await foreach (var chunk in chunks.ConfigureAwait(false))
            answers[chunk.Index].Add(chunk);
        return answers;
    }

    /// <summary>Takes the next piece.</summary>
    public void Add(GenerationChunk chunk)
    {
        _text.Append(chunk.Text);
        Tokens.AddRange(chunk.Tokens);
        if (chunk.FinishReason is not null)
            Last = chunk;
    }
}

using System.Text;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Server.OpenAi;
using Llm42.Tokenization;

namespace Llm42.Server.Answers;

/// <summary>Log-probabilities of tokens in the shapes of OpenAI's API.</summary>
internal sealed class TokenTexts(ITokenizer? tokenizer)
{
    /// <summary>A token by itself; its id in angle brackets where the model has no tokenizer.</summary>
    public string Text(int id) => tokenizer is null ? $"<{id}>" : tokenizer.Decode([id], skipSpecialTokens: false);

    /// <summary>As chat completions have them.</summary>
    public ChatLogprobs Chat(IEnumerable<TokenEvent> tokens) => new([.. tokens.Select(token =>
    {
        var text = Text(token.TokenId);
        return new ChatTokenLogprob(text, token.Logprob, Bytes(text), [.. (token.Top ?? []).Select(Top)]);
    })]);

    /// <summary>As completions have them.</summary>
    /// <param name="tokens">The tokens with what is known of them.</param>
    /// <param name="offset">Where in the text of the whole answer the first of them begins, in characters.</param>
    public CompletionLogprobs Completion(IReadOnlyList<(int Id, float? Logprob, IReadOnlyList<TokenLogprob>? Top)> tokens, int offset)
    {
        var texts = new string[tokens.Count];
        var offsets = new int[tokens.Count];
        for (var i = 0; i < texts.Length; i++)
        {
            offsets[i] = offset;
            texts[i] = Text(tokens[i].Id);
            offset += texts[i].Length;
        }
        return new CompletionLogprobs(
            texts, [.. tokens.Select(token => token.Logprob)], [.. tokens.Select(token => TopOf(token.Top))], offsets);
    }

    private Dictionary<string, float>? TopOf(IReadOnlyList<TokenLogprob>? top)
    {
        if (top is null)
            return null;
        var byText = new Dictionary<string, float>(StringComparer.Ordinal);

        // Two tokens may have the same text: the likelier one stands for both.
        foreach (var (id, logprob) in top)
            byText.TryAdd(Text(id), logprob);
        return byText;
    }

    private ChatTopLogprob Top(TokenLogprob token)
    {
        var text = Text(token.TokenId);
        return new ChatTopLogprob(text, token.Logprob, Bytes(text));
    }

    private static int[] Bytes(string text) => [.. Encoding.UTF8.GetBytes(text).Select(b => (int)b)];
}

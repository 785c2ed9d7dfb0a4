using System.Text;
using Llm42.Core.Execution;
using Llm42.Core.Requests;
using Llm42.Server.OpenAi;
using Llm42.Tokenization;

namespace Llm42.Server.Answers;

/// <summary>Log-probabilities of tokens in the shapes of OpenAI's API.</summary>
internal sealed class TokenTexts(ITokenizer? tokenizer)
{
    /// <summary>A token by itself, U+FFFD for parts of characters; its id in angle brackets where it has no text.</summary>
    public string Text(int id) => Text(id, tokenizer?.GetTokenBytes(id));

    /// <summary>As chat completions have them.</summary>
    public ChatLogprobs Chat(IEnumerable<TokenEvent> tokens) => new([.. tokens.Select(token =>
    {
        var bytes = tokenizer?.GetTokenBytes(token.TokenId);
        return new ChatTokenLogprob(Text(token.TokenId, bytes), token.Logprob, Numbers(bytes), [.. (token.Top ?? []).Select(Top)]);
    })]);

    /// <summary>As completions have them.</summary>
    /// <param name="tokens">The tokens with what is known of them.</param>
    /// <param name="offsets">Where in the text of the whole answer they begin.</param>
    public CompletionLogprobs Completion(IReadOnlyList<(int Id, float? Logprob, IReadOnlyList<TokenLogprob>? Top)> tokens, TextOffsets offsets) => new(
        [.. tokens.Select(token => Text(token.Id))],
        [.. tokens.Select(token => token.Logprob)],
        [.. tokens.Select(token => TopOf(token.Top))],
        [.. tokens.Select(token => offsets.Next(token.Id))]);

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
        var bytes = tokenizer?.GetTokenBytes(token.TokenId);
        return new ChatTopLogprob(Text(token.TokenId, bytes), token.Logprob, Numbers(bytes));
    }

    private static string Text(int id, byte[]? bytes) => bytes is null ? $"<{id}>" : Encoding.UTF8.GetString(bytes);

    private static int[]? Numbers(byte[]? bytes) => bytes is null ? null : [.. bytes.Select(b => (int)b)];
}

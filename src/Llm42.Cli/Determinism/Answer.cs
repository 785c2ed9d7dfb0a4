using System.Globalization;
using Llm42.Core.Observability;
using Llm42.Core.Requests;

namespace Llm42.Cli.Determinism;

/// <summary>An answer in a form that compares exactly.</summary>
/// <param name="Run">Number of the run in its row, from 0.</param>
/// <param name="Tokens">Token ids; the texts of tokens, or characters, where no more is known.</param>
/// <param name="LogprobBits">Bits of the tokens' log-probabilities, in hexadecimal; empty where they are not known.</param>
/// <param name="Verification">What it took.</param>
internal sealed record Answer(
    int Run, IReadOnlyList<string> Tokens, IReadOnlyList<string> LogprobBits, VerificationCounts Verification)
{
    /// <summary>The tokens as one text.</summary>
    public string TokenIds { get; } = string.Join(',', Tokens);

    /// <summary>The tokens and the bits of their log-probabilities as one text.</summary>
    public string Bits { get; } = LogprobBits.Count == 0
        ? string.Join(',', Tokens)
        : string.Join(',', Tokens.Zip(LogprobBits, (token, bits) => $"{token}:{bits}"));

    /// <summary>Hashes of the hidden states, if they were asked for.</summary>
    public LayerTrace? LayerTrace { get; init; }

    public static Answer Of(int run, IReadOnlyList<TokenEvent> tokens, RequestStatistics statistics) => new(
        run,
        [.. tokens.Select(token => token.TokenId.ToString(CultureInfo.InvariantCulture))],
        [.. tokens.Select(token => $"{BitConverter.SingleToUInt32Bits(token.Logprob):x8}")],
        VerificationCounts.Of(statistics));
}

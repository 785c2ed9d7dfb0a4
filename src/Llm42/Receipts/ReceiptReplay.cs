using Llm42.Core.Engine;
using Llm42.Core.Requests;

namespace Llm42.Receipts;

/// <summary>Decides whether a replay would say anything, and compares.</summary>
internal static class ReceiptReplay
{
    /// <summary>Refuses an engine whose deterministic answers are not a function of the request alone.</summary>
    /// <exception cref="ReceiptRefusedException">It is one.</exception>
    public static void CheckEngine(EngineOptions options)
    {
        if (options.Verifier == VerifierKind.FixedShape)
            throw new ReceiptRefusedException(
                "The fixed-shape verifier's answers depend on its window, its group and the machine, so a receipt says "
                + "nothing of them; use the invariant verifier.");
        if (options.SkipMismatch == 0)
            throw new ReceiptRefusedException(
                "SkipMismatch is 0, so nothing is rolled back and a receipt says nothing of the answers; use 100.");
        if (options.Determinism == DeterminismMode.Off)
            throw new ReceiptRefusedException("Determinism is Off, and receipts are of deterministic answers; use another mode.");
    }

    /// <summary>Refuses a receipt of another model or profile, and notes what differs and must not matter.</summary>
    /// <exception cref="ReceiptRefusedException">The answers need not agree.</exception>
    public static IReadOnlyList<string> Compare(Receipt receipt, EngineDescription engine, int maxContext)
    {
        if (receipt.Engine.NumericsProfile != engine.NumericsProfile)
            throw Other("numerics profile", receipt.Engine.NumericsProfile, engine.NumericsProfile);
        CheckSame("weights", receipt.Model.WeightsDigest, engine.WeightsDigest);
        CheckSame("tokenizer", receipt.Model.TokenizerDigest, engine.TokenizerDigest);
        CheckSame("config", receipt.Model.ConfigDigest, engine.ConfigDigest);
        var positions = receipt.Request.PromptTokenIds.Count + (long)receipt.Request.MaxTokens;
        if (positions > maxContext)
            throw new ReceiptRefusedException(
                $"The receipt's request takes {positions} positions; this engine's context holds {maxContext}, where the answer might end early. Raise MaxContext.");

        List<string> notes = [];
        if (receipt.Engine.Version != EngineVersion.Current)
            notes.Add($"the receipt is of version {Digits.Shorten(receipt.Engine.Version)}, this is version {EngineVersion.Current}");
        if (receipt.Engine.Fingerprint != engine.Fingerprint)
            notes.Add(
                $"the receipt's fingerprint is {Digits.Shorten(receipt.Engine.Fingerprint)}, this engine's is {Digits.Shorten(engine.Fingerprint)}: "
                + "the defaults of a request differ, which the receipt holds itself");
        return notes;
    }

    /// <summary>The difference at a place; null if there is none.</summary>
    public static ReplayDifference? Compare(ReceiptOutput output, int index, TokenEvent? actual)
    {
        var expected = index < output.TokenIds.Count ? new ReplayToken(output.TokenIds[index], output.LogprobBits[index]) : null;
        var found = actual is { } token ? new ReplayToken(token.TokenId, ReceiptBuilder.Bits(token.Logprob)) : null;
        return expected == found ? null : new ReplayDifference(index, expected, found);
    }

    private static void CheckSame(string what, string? receipt, string? engine)
    {
        if (receipt != engine)
            throw Other($"{what} digest", receipt, engine);
    }

    private static ReceiptRefusedException Other(string what, string? receipt, string? engine) => new(
        $"The receipt is of another {what}: {Shorten(receipt)} there, {Shorten(engine)} here. Replay it with the model and the profile that it names.");

    // Profiles are short words, and their ends tell them apart.
    private static string Shorten(string? text) => text is { Length: <= 40 } ? Digits.Printable(text) : Digits.Shorten(text);
}

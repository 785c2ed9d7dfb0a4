using Llm42.Core.Requests;
using Llm42.Tokenization.Unicode;

namespace Llm42.Receipts;

/// <summary>Makes receipts of answers.</summary>
internal static class ReceiptBuilder
{
    /// <summary>The receipt of a whole answer.</summary>
    /// <exception cref="ReceiptRefusedException">A text of it cannot be written.</exception>
    public static Receipt Create(
        EngineDescription engine, string modelName, ReceiptRequest request, IReadOnlyList<TokenEvent> tokens)
    {
        foreach (var text in request.StopStrings.Prepend(modelName).Append(request.OutputFormat ?? ""))
        {
            if (WellFormed.Repair(text) != text)
                throw new ReceiptRefusedException(
                    $"\"{Digits.Printable(text)}\" is not valid Unicode text, which JSON cannot hold as it is.");
        }
        var receipt = new Receipt(
            Receipt.FormatName,
            Receipt.VersionOf(request),
            new ReceiptEngine(EngineVersion.Current, engine.NumericsProfile, engine.Fingerprint),
            new ReceiptModel(modelName, engine.WeightsDigest, engine.TokenizerDigest, engine.ConfigDigest),
            request,
            new ReceiptOutput("", [], [], [], ""));
        var digest = ReceiptDigest.OfInputs(receipt);
        var inputs = digest.Full;
        var chain = new string[tokens.Count];
        for (var i = 0; i < tokens.Count; i++)
        {
            digest.Append(tokens[i].TokenId, BitConverter.SingleToUInt32Bits(tokens[i].Logprob));
            chain[i] = digest.Short;
        }
        return receipt with
        {
            Output = new ReceiptOutput(
                inputs,
                [.. tokens.Select(token => token.TokenId)],
                [.. tokens.Select(token => Bits(token.Logprob))],
                chain,
                digest.Full),
        };
    }

    /// <summary>The bits of a log-probability as receipts write them.</summary>
    public static string Bits(float logprob) => $"{BitConverter.SingleToUInt32Bits(logprob):x8}";
}

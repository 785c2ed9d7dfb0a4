using System.Globalization;
using System.Text.Json;

namespace Llm42.Receipts;

/// <summary>Reads receipts from anywhere: nothing in them is trusted.</summary>
internal static class ReceiptReader
{
    private const int DigestDigits = 64;

    public static Receipt Load(string path)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);

        // A device or a pipe has no length to believe: one byte more than the most tells a longer one.
        using var content = new MemoryStream();
        var buffer = new byte[1 << 16];
        while (content.Length <= Receipt.MaxSize && file.Read(buffer) is > 0 and var count)
            content.Write(buffer, 0, count);
        return Parse(content.GetBuffer().AsSpan(0, (int)content.Length));
    }

    public static Receipt Parse(ReadOnlySpan<byte> json)
    {
        if (json.Length > Receipt.MaxSize)
            throw new ReceiptFormatException($"The receipt has more than {Receipt.MaxSize} bytes, the most that are read.");
        var text = json.StartsWith("\uFEFF"u8) ? json[3..] : json;
        Receipt receipt;
        try
        {
            CheckVersion(text);
            receipt = JsonSerializer.Deserialize(text, ReceiptJson.Standard.Receipt)
                ?? throw new ReceiptFormatException("This is not a receipt: it is null.");
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or ArgumentException)
        {
            throw new ReceiptFormatException($"This is not a receipt: {Digits.Printable(error.Message)}", error);
        }
        Check(receipt);
        return receipt;
    }

    /// <summary>The bits of a token's log-probability.</summary>
    public static uint LogprobBits(ReceiptOutput output, int index) =>
        uint.Parse(output.LogprobBits[index], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);

    /// <summary>First of all, so that a later version is called that, and not malformed.</summary>
    private static void CheckVersion(ReadOnlySpan<byte> text)
    {
        var reader = new Utf8JsonReader(text, new JsonReaderOptions { MaxDepth = ReceiptJson.Standard.Options.MaxDepth });
        string? format = null;
        int? version = null;
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new ReceiptFormatException("This is not a receipt: it is not a JSON object.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isFormat = reader.ValueTextEquals("format"u8);
            var isVersion = reader.ValueTextEquals("version"u8);
            reader.Read();
            if (isFormat && reader.TokenType == JsonTokenType.String)
                format = reader.GetString();
            else if (isVersion && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var number))
                version = number;
            reader.Skip();
        }
        if (format != Receipt.FormatName)
            throw new ReceiptFormatException(
                $"This is not a receipt: its format is {(format is null ? "not given" : $"\"{Digits.Printable(format)}\"")}; it must be \"{Receipt.FormatName}\".");
        if (version is not (>= 1 and <= Receipt.CurrentVersion))
            throw new ReceiptFormatException(
                $"The receipt has version {version?.ToString(CultureInfo.InvariantCulture) ?? "none"}; versions 1..{Receipt.CurrentVersion} are read here.");
    }

    /// <summary>Checks that a receipt agrees with itself.</summary>
    /// <exception cref="ReceiptFormatException">It does not.</exception>
    public static void Check(Receipt receipt)
    {
        var output = receipt.Output;
        var count = output.TokenIds.Count;
        if (output.LogprobBits.Count != count || output.Chain.Count != count)
            throw Inconsistent(
                $"it has {count} token_ids, {output.LogprobBits.Count} logprob_bits and {output.Chain.Count} digests in its chain");
        if (count > receipt.Request.MaxTokens)
            throw Inconsistent($"it has {count} tokens, but max_tokens is {receipt.Request.MaxTokens}");
        if (receipt.Request.StopTokenIds.Zip(receipt.Request.StopTokenIds.Skip(1)).Any(pair => pair.First >= pair.Second))
            throw Inconsistent("its stop_token_ids do not ascend");
        if (receipt.Request.StopStrings.Any(string.IsNullOrEmpty))
            throw Inconsistent("one of its stop_strings is empty");
        if (receipt.Version != Receipt.VersionOf(receipt.Request))
            throw Inconsistent($"its version is {receipt.Version}, and its request is one of version {Receipt.VersionOf(receipt.Request)}");
        CheckDigits("output.inputs_digest", output.InputsDigest, DigestDigits);
        CheckDigits("output.digest", output.Digest, DigestDigits);

        var digest = InputsDigest(receipt);
        if (digest.Full != output.InputsDigest)
            throw Inconsistent(
                "what it says of engine, model and request does not have the digest that it gives for them "
                + $"({Digits.Shorten(digest.Full)}, not {Digits.Shorten(output.InputsDigest)})");
        for (var i = 0; i < count; i++)
        {
            CheckDigits($"output.logprob_bits[{i}]", output.LogprobBits[i], sizeof(uint) * 2);
            digest.Append(output.TokenIds[i], LogprobBits(output, i));
            if (output.Chain[i] != digest.Short)
                throw new ReceiptFormatException(
                    $"The receipt itself is inconsistent at token {i}: its chain is {digest.Short} there, not \"{Digits.Printable(output.Chain[i])}\".");
        }
        if (digest.Full != output.Digest)
            throw Inconsistent($"its chain ends with {Digits.Shorten(digest.Full)}, not {Digits.Shorten(output.Digest)}");
    }

    private static ReceiptDigest InputsDigest(Receipt receipt)
    {
        try
        {
            return ReceiptDigest.OfInputs(receipt);
        }
        catch (ArgumentException error)
        {
            // A number too large for its type reads as infinite, which JSON cannot hold.
            throw new ReceiptFormatException($"This is not a receipt: {Digits.Printable(error.Message)}", error);
        }
    }

    private static void CheckDigits(string name, string? value, int count)
    {
        if (value is null || value.Length != count || !value.All(char.IsAsciiHexDigitLower))
            throw new ReceiptFormatException(
                $"This is not a receipt: {name} is \"{Digits.Printable(value)}\"; it must be {count} lower-case hexadecimal digits.");
    }

    private static ReceiptFormatException Inconsistent(string how) => new($"The receipt itself is inconsistent: {how}.");
}

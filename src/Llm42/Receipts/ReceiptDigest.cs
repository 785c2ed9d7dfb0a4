using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Llm42.Receipts;

/// <summary>The digests of a receipt; <see cref="Receipt"/> defines the bytes.</summary>
internal sealed class ReceiptDigest
{
    private const int ShortBytes = 4;

    private readonly byte[] _last;

    private ReceiptDigest(byte[] inputs) => _last = inputs;

    /// <summary>The running digest in full.</summary>
    public string Full => Convert.ToHexStringLower(_last);

    /// <summary>The beginning of the running digest.</summary>
    public string Short => Convert.ToHexStringLower(_last.AsSpan(0, ShortBytes));

    /// <summary>The digest before the first token, over all of a receipt but its output.</summary>
    public static ReceiptDigest OfInputs(Receipt receipt)
    {
        var document = JsonSerializer.SerializeToElement(receipt, ReceiptJson.Standard.Receipt);
        var inputs = document.EnumerateObject().Where(member => member.Name != "output");
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        AppendMembers(hash, inputs);
        return new ReceiptDigest(hash.GetHashAndReset());
    }

    /// <summary>Goes on by a token.</summary>
    public void Append(int tokenId, uint logprobBits)
    {
        Span<byte> input = stackalloc byte[SHA256.HashSizeInBytes + sizeof(int) + sizeof(uint)];
        _last.CopyTo(input);
        BinaryPrimitives.WriteInt32LittleEndian(input[SHA256.HashSizeInBytes..], tokenId);
        BinaryPrimitives.WriteUInt32LittleEndian(input[(SHA256.HashSizeInBytes + sizeof(int))..], logprobBits);
        SHA256.HashData(input, _last);
    }

    private static void Append(IncrementalHash hash, JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Null: hash.AppendData("n"u8); break;
            case JsonValueKind.True: hash.AppendData("t"u8); break;
            case JsonValueKind.False: hash.AppendData("f"u8); break;
            case JsonValueKind.Number: AppendNumber(hash, value); break;
            case JsonValueKind.String: AppendText(hash, "s"u8, value.GetString()!); break;
            case JsonValueKind.Array:
                AppendCount(hash, "a"u8, (uint)value.GetArrayLength());
                foreach (var item in value.EnumerateArray())
                    Append(hash, item);
                break;
            case JsonValueKind.Object: AppendMembers(hash, value.EnumerateObject()); break;
            default: throw new InvalidOperationException($"a receipt holds no {value.ValueKind}.");
        }
    }

    private static void AppendNumber(IncrementalHash hash, JsonElement value)
    {
        var text = value.GetRawText();
        if (text.AsSpan().IndexOfAny(".eE") < 0)
            AppendText(hash, "i"u8, text == "-0" ? "0" : text);
        else
            AppendCount(hash, "r"u8, BitConverter.SingleToUInt32Bits(float.Parse(text, CultureInfo.InvariantCulture)));
    }

    private static void AppendText(IncrementalHash hash, ReadOnlySpan<byte> tag, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        AppendCount(hash, tag, (uint)bytes.Length);
        hash.AppendData(bytes);
    }

    private static void AppendMembers(IncrementalHash hash, IEnumerable<JsonProperty> members)
    {
        // Names are ASCII, where this order is that of the bytes.
        var sorted = members.OrderBy(member => member.Name, StringComparer.Ordinal).ToArray();
        AppendCount(hash, "o"u8, (uint)sorted.Length);
        foreach (var member in sorted)
        {
            AppendText(hash, "s"u8, member.Name);
            Append(hash, member.Value);
        }
    }

    private static void AppendCount(IncrementalHash hash, ReadOnlySpan<byte> tag, uint count)
    {
        Span<byte> bytes = stackalloc byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, count);
        hash.AppendData(tag);
        hash.AppendData(bytes);
    }
}

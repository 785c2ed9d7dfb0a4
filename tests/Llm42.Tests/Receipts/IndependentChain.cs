using System.Buffers.Binary;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Llm42.Tests.Receipts;

/// <summary>The digests of a receipt, computed from its JSON and its documentation alone, and written into it.</summary>
internal static class IndependentChain
{
    public static JsonObject Seal(JsonObject receipt)
    {
        JsonObject output = receipt["output"]!.AsObject();
        JsonObject head = JsonNode.Parse(receipt.ToJsonString())!.AsObject();
        head.Remove("output");
        byte[] digest = SHA256.HashData([.. Encode(head)]);
        output["inputs_digest"] = Convert.ToHexStringLower(digest);
        var chain = new JsonArray();
        int[] ids = [.. output["token_ids"]!.AsArray().Select(id => id!.GetValue<int>())];
        string[] bits = [.. output["logprob_bits"]!.AsArray().Select(b => b!.GetValue<string>())];
        for (int i = 0; i < ids.Length; i++)
        {
            digest = SHA256.HashData(
                [.. digest, .. Little((uint)ids[i]), .. Little(uint.Parse(bits[i], NumberStyles.HexNumber, CultureInfo.InvariantCulture))]);
            chain.Add(Convert.ToHexStringLower(digest)[..8]);
        }

        output["chain"] = chain;
        output["digest"] = Convert.ToHexStringLower(digest);
        return receipt;
    }

    private static IEnumerable<byte> Encode(JsonNode? node)
    {
        switch (node)
        {
            case null:
                return "n"u8.ToArray();
            case JsonArray array:
                return [(byte)'a', .. Little((uint)array.Count), .. array.SelectMany(Encode)];
            case JsonObject members:
                return
                [
                    (byte)'o', .. Little((uint)members.Count),
                    .. members.OrderBy(m => m.Key, StringComparer.Ordinal).SelectMany(m => Text('s', m.Key).Concat(Encode(m.Value))),
                ];
            default:
                string json = node.ToJsonString();
                if (json is "true" or "false")
                    return [(byte)json[0]];
                if (json[0] == '"')
                    return Text('s', node.GetValue<string>());
                return json.AsSpan().IndexOfAny('.', 'e', 'E') < 0
                    ? Text('i', json)
                    : [(byte)'r', .. Little(BitConverter.SingleToUInt32Bits((float)double.Parse(json, CultureInfo.InvariantCulture)))];
        }
    }

    private static byte[] Text(char tag, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        return [(byte)tag, .. Little((uint)bytes.Length), .. bytes];
    }

    private static byte[] Little(uint value)
    {
        byte[] bytes = new byte[4];
        BinaryPrimitives.WriteUInt32LittleEndian(bytes, value);
        return bytes;
    }
}

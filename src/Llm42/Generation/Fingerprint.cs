using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Llm42.Models;

namespace Llm42.Generation;

/// <summary>Names everything that a deterministic answer depends on beside the request.</summary>
internal static class Fingerprint
{
    private const string Version = "llm42-fingerprint-1";

    /// <summary>SHA-256 in lower-case hexadecimal digits.</summary>
    public static string Of(
        byte[] weightDigest,
        ModelConfig config,
        GenerationDefaults defaults,
        IReadOnlySet<int> eosTokenIds,
        string? tokenizer,
        string numericsProfile)
    {
        string[] lines =
        [
            Version,
            Convert.ToHexStringLower(weightDigest),
            JsonSerializer.Serialize(config),
            JsonSerializer.Serialize(defaults),
            string.Join(",", eosTokenIds.Order()),
            tokenizer ?? "no tokenizer",
            numericsProfile,
        ];
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Join('\n', lines))));
    }
}

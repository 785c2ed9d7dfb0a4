using System.Buffers.Binary;
using System.Text.Json;

namespace Llm42.Testing;

/// <summary>A Llama of a wanted size whose weights mean nothing: untied, with a large vocabulary, in one file.</summary>
internal static class SyntheticModel
{
    private const int Hidden = 1024;
    private const int Intermediate = 2816;
    private const int KvWidth = 256;

    private static readonly string[] Architectures = ["LlamaForCausalLM"];

    /// <summary>Writes it.</summary>
    /// <param name="directory">An empty directory.</param>
    /// <param name="bytes">Bytes of weights, met within a layer.</param>
    /// <param name="isF32">f32 instead of bf16.</param>
    /// <param name="vocabularySize">Tokens; null for a vocabulary as large as small models have.</param>
    public static void Write(string directory, long bytes, bool isF32 = false, int? vocabularySize = null)
    {
        // A third for the embedding and the head, as in small models; the rest for as many layers as fit.
        var elementSize = isF32 ? 4 : 2;
        var vocabulary = vocabularySize ?? (int)Math.Max(256, bytes / 3 / (2 * Hidden * elementSize) / 16 * 16);
        const long LayerElements = (2L * Hidden) + (2 * Hidden * (long)Hidden) + (2 * KvWidth * (long)Hidden) + (3 * Intermediate * (long)Hidden);
        var layers = (int)Math.Max(1, (bytes - (2L * vocabulary * Hidden * elementSize)) / (LayerElements * elementSize));
        WriteConfig(directory, vocabulary, layers);
        WriteWeights(Path.Combine(directory, "model.safetensors"), Tensors(vocabulary, layers), isF32 ? "F32" : "BF16", elementSize);
    }

    /// <summary>Bytes of weights in a directory that was written, headers aside.</summary>
    public static long WeightsIn(string directory)
    {
        using var file = File.OpenRead(Path.Combine(directory, "model.safetensors"));
        Span<byte> length = stackalloc byte[sizeof(long)];
        file.ReadExactly(length);
        return file.Length - sizeof(long) - BinaryPrimitives.ReadInt64LittleEndian(length);
    }

    private static void WriteConfig(string directory, int vocabulary, int layers) => File.WriteAllText(
        Path.Combine(directory, "config.json"),
        JsonSerializer.Serialize(new Dictionary<string, object>
        {
            ["architectures"] = Architectures,
            ["vocab_size"] = vocabulary,
            ["hidden_size"] = Hidden,
            ["intermediate_size"] = Intermediate,
            ["num_hidden_layers"] = layers,
            ["num_attention_heads"] = 16,
            ["num_key_value_heads"] = 4,
            ["max_position_embeddings"] = 4096,
            ["tie_word_embeddings"] = false,
        }));

    private static IEnumerable<(string Name, long[] Shape)> Tensors(int vocabulary, int layers)
    {
        yield return ("model.embed_tokens.weight", [vocabulary, Hidden]);
        for (var i = 0; i < layers; i++)
        {
            var layer = $"model.layers.{i}";
            yield return ($"{layer}.input_layernorm.weight", [Hidden]);
            yield return ($"{layer}.self_attn.q_proj.weight", [Hidden, Hidden]);
            yield return ($"{layer}.self_attn.k_proj.weight", [KvWidth, Hidden]);
            yield return ($"{layer}.self_attn.v_proj.weight", [KvWidth, Hidden]);
            yield return ($"{layer}.self_attn.o_proj.weight", [Hidden, Hidden]);
            yield return ($"{layer}.post_attention_layernorm.weight", [Hidden]);
            yield return ($"{layer}.mlp.gate_proj.weight", [Intermediate, Hidden]);
            yield return ($"{layer}.mlp.up_proj.weight", [Intermediate, Hidden]);
            yield return ($"{layer}.mlp.down_proj.weight", [Hidden, Intermediate]);
        }
        yield return ("model.norm.weight", [Hidden]);
        yield return ("lm_head.weight", [vocabulary, Hidden]);
    }

    private static void WriteWeights(string path, IEnumerable<(string Name, long[] Shape)> tensors, string dtype, int elementSize)
    {
        var header = new Dictionary<string, object>();
        long end = 0;
        foreach (var (name, shape) in tensors)
        {
            var begin = end;
            end += shape.Aggregate((long)elementSize, (size, extent) => size * extent);
            header[name] = new { dtype, shape, data_offsets = new[] { begin, end } };
        }
        var text = JsonSerializer.SerializeToUtf8Bytes(header);
        var length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, text.Length);
        // Small values of both signs, not all alike: a file of zeros would take no memory. The last byte of an element
        // holds its sign and exponent; numbers too small to be normal would make the processor slow.
        var block = new byte[1 << 20];
        for (var i = 0; i < block.Length; i++)
            block[i] = (byte)(i % 2 == 0 ? i % 61 : 0x3a + (i % 3) + (i % 7 == 0 ? 0x80 : 0));
        using var file = File.Create(path);
        file.Write(length);
        file.Write(text);
        for (var left = end; left > 0; left -= block.Length)
            file.Write(block.AsSpan(0, (int)Math.Min(left, block.Length)));
    }
}

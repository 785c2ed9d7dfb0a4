using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Llm42.Cli.Synthetic;

/// <summary>Writes a synthetic model as GGUF, as other engines read it.</summary>
internal static class SyntheticGguf
{
    private const int Alignment = 32;
    private const int Uint32 = 4;
    private const int Float32 = 6;
    private const int Int32 = 5;
    private const int Text = 8;
    private const int Array = 9;
    private const int NormalToken = 1;
    private const int UnknownToken = 2;
    private const int ControlToken = 3;
    private const int ByteToken = 6;
    private const ulong Seed = 42;

    /// <summary>Writes the file, the same for the same shape and format.</summary>
    /// <param name="path">The file; replaced.</param>
    /// <param name="shape">The model.</param>
    /// <param name="format">How its matrices are stored; vectors are f32, as llama.cpp wants them.</param>
    /// <param name="cancellation">Ends the writing.</param>
    /// <exception cref="IOException">There is no room for it.</exception>
    public static void Write(string path, ModelShape shape, WeightFormat format, CancellationToken cancellation)
    {
        (SyntheticTensor Tensor, WeightFormat Format, string Name, long[] Extents)[] parts = [.. Tensors(shape, format)];
        using var header = new MemoryStream();
        using (var writer = new BinaryWriter(header, Encoding.UTF8, leaveOpen: true))
        {
            writer.Write("GGUF"u8);
            writer.Write(3u);
            // Experts of a kind are one tensor, whose further matrices follow the first.
            writer.Write((ulong)parts.Count(part => part.Name.Length > 0));
            (string, object)[] values = [.. Metadata(shape)];
            writer.Write((ulong)values.Length);
            foreach ((string key, object value) in values)
                WriteValue(writer, key, value);
        }

        var placed = new List<(SyntheticTensor, WeightFormat, long)>();
        long end = 0;
        using (var writer = new BinaryWriter(header, Encoding.UTF8, leaveOpen: true))
        {
            foreach ((SyntheticTensor tensor, WeightFormat stored, string name, long[] extents) in parts)
            {
                if (name.Length > 0)
                {
                    end = Align(end);
                    WriteText(writer, name);
                    writer.Write(extents.Length);
                    foreach (long extent in extents)
                        writer.Write(extent);
                    writer.Write(stored.Ggml);
                    writer.Write(end);
                }

                placed.Add((tensor, stored, end));
                end += stored.BytesOf(tensor.Count);
            }
        }

        byte[] head = header.ToArray();
        System.Array.Resize(ref head, (int)Align(head.Length));
        SyntheticModel.RequireRoom(Path.GetDirectoryName(Path.GetFullPath(path))!, shape, head.Length + end);
        using SafeFileHandle file = File.OpenHandle(path, FileMode.Create, FileAccess.Write);
        RandomAccess.Write(file, head, 0);
        TensorWriter.Write(file, placed.Select(one => (one.Item1, one.Item2, one.Item3 + head.Length)), Seed, cancellation);
        RandomAccess.SetLength(file, head.Length + Align(end));
    }

    /// <summary>Names of GGUF with extents innermost first; no name for what goes on with the tensor before it.</summary>
    private static IEnumerable<(SyntheticTensor, WeightFormat, string, long[])> Tensors(ModelShape shape, WeightFormat format)
    {
        foreach (SyntheticTensor tensor in SyntheticTensor.Of(shape))
        {
            string[] words = tensor.Name.Split('.');
            string layer = words.Length > 2 ? $"blk.{words[2]}." : "";
            if (words is [_, _, _, "block_sparse_moe", "experts", var expert, var kind, _])
            {
                string name = kind switch { "w1" => "ffn_gate_exps", "w3" => "ffn_up_exps", _ => "ffn_down_exps" };
                yield return (tensor, format, expert == "0" ? $"{layer}{name}.weight" : "", [tensor.Columns, tensor.Rows, shape.Experts]);
                continue;
            }

            string own = words[^2] switch
            {
                "embed_tokens" => "token_embd",
                "norm" => "output_norm",
                "lm_head" => "output",
                "input_layernorm" => "attn_norm",
                "post_attention_layernorm" => "ffn_norm",
                "q_proj" => "attn_q",
                "k_proj" => "attn_k",
                "v_proj" => "attn_v",
                "o_proj" => "attn_output",
                "q_norm" => "attn_q_norm",
                "k_norm" => "attn_k_norm",
                "gate_proj" => "ffn_gate",
                "up_proj" => "ffn_up",
                "down_proj" => "ffn_down",
                "gate" => "ffn_gate_inp",
                _ => throw new InvalidOperationException($"{tensor.Name} has no name in GGUF."),
            };
            bool isLayer = words is ["model", "layers", ..];
            // Routers are f32 as well.
            WeightFormat stored = tensor.IsVector || own == "ffn_gate_inp" ? WeightFormat.F32 : format;
            yield return (tensor, stored, $"{(isLayer ? layer : "")}{own}.weight", [.. tensor.Shape.Reverse().Select(extent => (long)extent)]);
        }
    }

    private static IEnumerable<(string, object)> Metadata(ModelShape shape)
    {
        string architecture = shape.NormsHeads ? "qwen3" : "llama";
        yield return ("general.architecture", architecture);
        yield return ("general.name", shape.Name);
        yield return ("general.alignment", (uint)Alignment);
        yield return ($"{architecture}.context_length", (uint)SyntheticModel.MaxContext);
        yield return ($"{architecture}.embedding_length", (uint)shape.HiddenSize);
        yield return ($"{architecture}.block_count", (uint)shape.Layers);
        yield return ($"{architecture}.feed_forward_length", (uint)shape.IntermediateSize);
        yield return ($"{architecture}.attention.head_count", (uint)shape.QueryHeads);
        yield return ($"{architecture}.attention.head_count_kv", (uint)shape.KvHeads);
        yield return ($"{architecture}.attention.key_length", (uint)shape.HeadSize);
        yield return ($"{architecture}.attention.value_length", (uint)shape.HeadSize);
        yield return ($"{architecture}.attention.layer_norm_rms_epsilon", 1e-5f);
        yield return ($"{architecture}.rope.dimension_count", (uint)shape.HeadSize);
        yield return ($"{architecture}.rope.freq_base", 10000f);
        yield return ($"{architecture}.vocab_size", (uint)shape.VocabularySize);
        if (shape.Experts > 0)
        {
            yield return ($"{architecture}.expert_count", (uint)shape.Experts);
            yield return ($"{architecture}.expert_used_count", (uint)shape.ExpertsPerToken);
        }

        // llama.cpp loads without a tokenizer, but its callers ask for one: special tokens, bytes, and words of no meaning.
        const int special = 3, bytes = 256;
        string[] tokens =
        [
            "<unk>", "<s>", "</s>", .. Enumerable.Range(0, bytes).Select(value => $"<0x{value:X2}>"),
            .. Enumerable.Range(special + bytes, shape.VocabularySize - special - bytes).Select(id => $"t{id}"),
        ];
        yield return ("tokenizer.ggml.model", "llama");
        yield return ("tokenizer.ggml.tokens", tokens);
        yield return ("tokenizer.ggml.scores", tokens.Select((_, id) => -(float)id).ToArray());
        yield return ("tokenizer.ggml.token_type", tokens.Select((_, id) => id == 0 ? UnknownToken : id < special ? ControlToken : id < special + bytes ? ByteToken : NormalToken).ToArray());
        yield return ("tokenizer.ggml.unknown_token_id", 0u);
        yield return ("tokenizer.ggml.bos_token_id", 1u);
        yield return ("tokenizer.ggml.eos_token_id", 2u);
    }

    private static void WriteValue(BinaryWriter writer, string key, object value)
    {
        WriteText(writer, key);
        switch (value)
        {
            case uint number:
                writer.Write(Uint32);
                writer.Write(number);
                break;
            case float number:
                writer.Write(Float32);
                writer.Write(number);
                break;
            case string[] texts:
                WriteArray(writer, Text, texts, WriteText);
                break;
            case float[] numbers:
                WriteArray(writer, Float32, numbers, static (writer, number) => writer.Write(number));
                break;
            case int[] numbers:
                WriteArray(writer, Int32, numbers, static (writer, number) => writer.Write(number));
                break;
            default:
                writer.Write(Text);
                WriteText(writer, (string)value);
                break;
        }
    }

    private static void WriteArray<T>(BinaryWriter writer, int type, T[] items, Action<BinaryWriter, T> write)
    {
        writer.Write(Array);
        writer.Write(type);
        writer.Write((ulong)items.Length);
        foreach (T item in items)
            write(writer, item);
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        byte[] bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static long Align(long place) => (place + Alignment - 1) / Alignment * Alignment;
}

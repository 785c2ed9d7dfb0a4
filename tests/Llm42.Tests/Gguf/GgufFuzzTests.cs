using System.Buffers.Binary;
using System.Text.Json.Nodes;
using Llm42.Gguf;
using Llm42.ModelFiles;
using Llm42.Models;
using Llm42.Tokenization;

namespace Llm42.Tests.Gguf;

/// <summary>Damaged files are refused or read; nothing else happens, and little is allocated.</summary>
[TestClass]
public sealed class GgufFuzzTests
{
    private const int Rounds = 800;
    private const long MaxAllocated = 32 << 20;

    private static readonly ulong[] Extremes =
    [
        0, 1, 31, 33, 127, 255, 65535, 65536, int.MaxValue, uint.MaxValue, 1UL << 32, long.MaxValue, (ulong)long.MaxValue + 1,
        ulong.MaxValue, ulong.MaxValue - 31,
    ];

    [TestMethod]
    public void Truncations_of_the_head_are_refused_with_the_file()
    {
        var whole = Model();
        using var directory = new TemporaryDirectory();
        var head = whole.Length - DataSize(whole);
        for (var length = 0; length < head; length += length < 200 ? 1 : 7)
        {
            var path = directory.Write("m.gguf", whole[..length]);
            var error = Assert.ThrowsExactly<ModelFormatException>(() => GgufModel.Open(path), $"{length} bytes");
            Assert.AreEqual(path, error.File);
        }
        // Behind the head each missing byte is one of a tensor, but for the padding at the end.
        var cut = directory.Write("m.gguf", whole[..^33]);
        Assert.Contains("truncated file?", Assert.ThrowsExactly<ModelFormatException>(() => GgufModel.Open(cut)).Message);
    }

    [TestMethod]
    public void Any_damage_to_the_head_is_read_or_refused()
    {
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var whole = Model();
        var head = whole.Length - DataSize(whole);
        using var directory = new TemporaryDirectory();
        var (read, refused) = (0, 0);
        for (var round = 0; round < Rounds; round++)
        {
            var damaged = whole.ToArray();
            Damage(random, damaged, (int)head);
            var path = directory.Write("m.gguf", damaged);
            var before = GC.GetAllocatedBytesForCurrentThread();
            try
            {
                ReadAll(path);
                read++;
            }
            catch (Exception error) when (error is ModelFormatException or TokenizerFormatException)
            {
                Assert.Contains("m.gguf", error.Message);
                refused++;
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, round {round}: {error}");
            }
            var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.IsLessThan(MaxAllocated, allocated, $"seed {seed}, round {round}");
        }
        Assert.IsGreaterThan(Rounds / 20, read, $"seed {seed}");
        Assert.IsGreaterThan(Rounds / 5, refused, $"seed {seed}");
    }

    private static void Damage(Random random, byte[] file, int head)
    {
        switch (random.Next(4))
        {
            case 0:
                file[random.Next(head)] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                BinaryPrimitives.WriteUInt64LittleEndian(file.AsSpan(random.Next(head - 8)), Extremes[random.Next(Extremes.Length)]);
                break;
            case 2:
                BinaryPrimitives.WriteUInt32LittleEndian(file.AsSpan(random.Next(head - 4)), (uint)Extremes[random.Next(Extremes.Length)]);
                break;
            default:
                // A piece of the head in another place of it.
                var length = random.Next(1, 64);
                file.AsSpan(random.Next(head - length), length).ToArray().CopyTo(file.AsSpan(random.Next(head - length)));
                break;
        }
    }

    /// <summary>Everything that is read of a model before it runs.</summary>
    private static void ReadAll(string path)
    {
        using var files = ModelFileSet.Open(path);
        var (architecture, config) = ModelConfigReader.Read(files.Config);
        GenerationDefaults.Read(files.GenerationConfig, config.VocabularySize);
        files.LoadTokenizer();
        files.LoadTokenizerConfig();
        files.LoadChatTemplate();
        using var source = files.OpenWeights();
        architecture.Describe(config).Check(source);
        Span<byte> bytes = stackalloc byte[7];
        foreach (var tensor in source.Tensors.Values)
        {
            if (tensor.Size < bytes.Length)
                continue;
            tensor.Read(tensor.Size - bytes.Length, bytes);
            using var content = tensor.Open();
            content.CheckRead();
        }
    }

    private static long DataSize(byte[] file)
    {
        using var opened = GgufFormatTests.Open(file);
        return file.Length - opened.Tensors.Min(tensor => tensor.Offset);
    }

    /// <summary>A whole tiny Mixtral with a tokenizer.</summary>
    private static byte[] Model()
    {
        var config = JsonNode.Parse(
            """
            {
              "model_type": "mixtral", "vocab_size": 6, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1,
              "num_attention_heads": 2, "num_key_value_heads": 1, "head_dim": 16, "rms_norm_eps": 1e-5, "rope_theta": 10000.0,
              "max_position_embeddings": 64, "bos_token_id": 1, "eos_token_id": 2, "num_local_experts": 2, "num_experts_per_tok": 1
            }
            """)!.AsObject();
        (string Name, long[] Shape)[] shapes =
        [
            ("model.embed_tokens", [6, 32]), ("model.norm", [32]), ("lm_head", [6, 32]),
            ("model.layers.0.input_layernorm", [32]), ("model.layers.0.post_attention_layernorm", [32]),
            ("model.layers.0.self_attn.q_proj", [32, 32]), ("model.layers.0.self_attn.k_proj", [16, 32]),
            ("model.layers.0.self_attn.v_proj", [16, 32]), ("model.layers.0.self_attn.o_proj", [32, 32]),
            ("model.layers.0.block_sparse_moe.gate", [2, 32]),
            .. from expert in new[] { 0, 1 }
               from matrix in new[] { "w1", "w2", "w3" }
               select ($"model.layers.0.block_sparse_moe.experts.{expert}.{matrix}", new long[] { 32, 32 }),
        ];
        var model = new HubModel
        {
            Config = config,
            Tensors = shapes.ToDictionary(
                tensor => $"{tensor.Name}.weight",
                tensor => (tensor.Shape, new float[tensor.Shape.Aggregate(1L, (product, extent) => product * extent)])),
        };
        return GgufConversion.Convert(model, GgufBytes.Q8_0)
            .Add("tokenizer.ggml.model", "llama").Add("tokenizer.ggml.tokens", new[] { "<unk>", "<s>", "</s>", "▁", "a", "▁a" })
            .Add("tokenizer.ggml.token_type", new[] { 2, 3, 3, 1, 1, 1 }).Add("tokenizer.ggml.scores", new[] { 0f, 0, 0, -3, -2, -1 })
            .ToArray();
    }
}

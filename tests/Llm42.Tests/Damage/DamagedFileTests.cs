using System.Buffers.Binary;
using System.Text;
using Llm42.Inspection;
using Llm42.ModelFiles;
using Llm42.Models;
using Llm42.Tests.Models;
using Llm42.Tests.Weights;
using Llm42.Tokenization;
using Llm42.Weights;

namespace Llm42.Tests.Damage;

/// <summary>Whatever is wrong with a file of a model directory, it is read or refused by name, with little memory.</summary>
[TestClass]
public sealed class DamagedFileTests
{
    private const int Rounds = 800;

    private static readonly string[] ConfigTexts =
    [
        Configs.With(
            "rope_scaling",
            """{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":64}"""),
        Of("MixtralForCausalLM", config =>
        {
            config["num_local_experts"] = 4;
            config["num_experts_per_tok"] = 2;
            config["sliding_window"] = null;
        }),
        Of("Qwen3MoeForCausalLM", config =>
        {
            config["num_experts"] = 4;
            config["num_experts_per_tok"] = 2;
            config["moe_intermediate_size"] = 8;
            config["norm_topk_prob"] = true;
            config["decoder_sparse_step"] = 2;
            config["mlp_only_layers"] = new System.Text.Json.Nodes.JsonArray(0);
        }),
        Of("Qwen2ForCausalLM", config =>
        {
            config["use_sliding_window"] = true;
            config["sliding_window"] = 16;
            config["max_window_layers"] = 1;
            config["layer_types"] = new System.Text.Json.Nodes.JsonArray("full_attention", "sliding_attention");
            config["rope_scaling"] = System.Text.Json.Nodes.JsonNode.Parse(
                """{"rope_type":"yarn","factor":4,"original_max_position_embeddings":16,"beta_fast":32,"beta_slow":1}""");
        }),
        Of("Phi3ForCausalLM", config =>
        {
            config["original_max_position_embeddings"] = 32;
            config["rope_scaling"] = System.Text.Json.Nodes.JsonNode.Parse(
                """{"type":"longrope","short_factor":[1.0,1.1],"long_factor":[1.0,2.0]}""");
        }),
    ];

    [TestMethod]
    public void Config()
    {
        using var directory = new TemporaryDirectory();
        Run(random => Text(directory, ModelConfigReader.FileName, ConfigTexts[random.Next(ConfigTexts.Length)], random), () =>
        {
            var (architecture, config) = ModelConfigReader.Read(directory.Path);
            if (config.Layers <= 8)
                _ = architecture.Describe(config).Tensors.Count();
        });
    }

    [TestMethod]
    public void Each_config_is_read_while_it_is_whole()
    {
        using var directory = new TemporaryDirectory();
        foreach (var text in ConfigTexts)
        {
            directory.Write(ModelConfigReader.FileName, text);
            _ = ModelConfigReader.Read(directory.Path);
        }
    }

    [TestMethod]
    public void Generation_config()
    {
        using var directory = new TemporaryDirectory();
        const string Whole =
            """{"eos_token_id":[2,3],"do_sample":true,"temperature":0.6,"top_p":0.9,"top_k":20,"min_p":0.1,"repetition_penalty":1.1,"max_new_tokens":9,"max_length":99,"stop_strings":["a","b"],"num_beams":1,"bad_words_ids":[],"transformers_version":"4.51.1"}""";
        Run(random => Text(directory, GenerationDefaults.FileName, Whole, random), () => GenerationDefaults.Read(directory.Path, 32));
    }

    [TestMethod]
    public void Tokenizer_config()
    {
        using var directory = new TemporaryDirectory();
        const string Whole =
            """{"bos_token":"<s>","eos_token":{"content":"</s>","lstrip":false},"chat_template":"{{ x }}","added_tokens_decoder":{"0":{"content":"<s>"}},"model_max_length":1e30}""";
        Run(random => Text(directory, TokenizerConfig.FileName, Whole, random), () =>
        {
            TokenizerConfig.Load(directory.Path);
            using ModelFileSet files = ModelFileSet.Open(directory.Path);
            _ = files.HasChatTemplate;
        });
    }

    [TestMethod]
    public void Header()
    {
        using var directory = new TemporaryDirectory();
        var whole = SafetensorsFile.Valid();
        var length = (int)BinaryPrimitives.ReadUInt64LittleEndian(whole);
        var header = Encoding.UTF8.GetString(whole, 8, length);
        Run(
            random =>
            {
                var text = JsonDamage.Damage(header, random);
                var file = SafetensorsFile.Of(text, random.Next(4) == 0 ? random.Next(64) : 32);
                if (random.Next(5) == 0)
                    BinaryPrimitives.WriteUInt64LittleEndian(file, HeaderLength(text.Length, random));
                if (random.Next(5) == 0)
                    file = JsonDamage.DamageBytes(file, random);
                return (directory.Write(SafetensorsSource.FileName, file), file.Length);
            },
            () =>
            {
                using var source = SafetensorsSource.Open(directory.Path);
                foreach (var tensor in source.Tensors.Values)
                    tensor.Read(0, new byte[tensor.Size]);
            });
    }

    [TestMethod]
    public void Index()
    {
        using var directory = new TemporaryDirectory();
        directory.Write("1.safetensors", SafetensorsFile.Of("""{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8));
        directory.Write("2.safetensors", SafetensorsFile.Of("""{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}""", 8));
        Run(
            random => Text(
                directory, SafetensorsSource.IndexFileName, """{"metadata":{"total_size":16},"weight_map":{"a":"1.safetensors","b":"2.safetensors"}}""", random),
            () => SafetensorsSource.Open(directory.Path).Dispose());
    }

    [TestMethod]
    public void A_check_of_a_damaged_directory_never_fails_itself()
    {
        using var model = new SmallModelFiles();
        for (var round = 0; round < 60; round++)
        {
            var seed = HashCode.Combine(Environment.TickCount, round);
            model.DamageOne(new Random(seed));
            try
            {
                _ = ModelVerification.RunAsync(model.Path).GetAwaiter().GetResult();
            }
#pragma warning disable CA1031 // Any error is what is looked for.
            catch (Exception error)
#pragma warning restore CA1031
            {
                Assert.Fail($"seed {seed}: {error}");
            }
        }
    }

    [TestMethod]
    public void More_experts_than_any_model_has_are_refused()
    {
        using var directory = new TemporaryDirectory();
        directory.Write(ModelConfigReader.FileName, Of("MixtralForCausalLM", config =>
        {
            config["num_hidden_layers"] = 4096;
            config["num_local_experts"] = 1024;
        }));
        var error = Assert.ThrowsExactly<ModelFormatException>(() => ModelConfigReader.Read(directory.Path));
        Assert.Contains("num_local_experts is 1024 in 4096 layers; at most 131072", error.Message);
    }

    [TestMethod]
    public void The_run_notices_other_errors_large_allocations_and_messages_without_a_file()
    {
        using var directory = new TemporaryDirectory();
        (Action Read, string Expected)[] cases =
        [
            (() => throw new InvalidOperationException("other"), "InvalidOperationException: other"),
            (() => GC.KeepAlive(new byte[1 << 20]), "bytes were allocated for a file of"),
            (() => throw new ModelFormatException("elsewhere", "wrong"), "does not begin with the file"),
            (() => throw new ModelFormatException(Path.Combine(directory.Path, "x"), new string('x', 5000)), "the message has"),
        ];
        foreach (var (read, expected) in cases)
        {
            var problem = new DamageRun().Run(1, 1, random => Text(directory, "x", "{\"a\":1}", random), read);
            Assert.Contains(expected, problem!);
            Assert.Contains("seed 1, round 0", problem!);
        }
    }

    private static void Run(Func<Random, (string Path, long Size)> write, Action read)
    {
        var run = new DamageRun();
        Assert.IsNull(run.Run(Environment.TickCount, Rounds, write, read));
        Assert.IsGreaterThan(Rounds / 4, run.Refused);
        Assert.IsGreaterThan(Rounds / 100, run.Loaded);
    }

    private static (string Path, long Size) Text(TemporaryDirectory directory, string name, string whole, Random random)
    {
        var bytes = JsonDamage.Damage(whole, random);
        return (directory.Write(name, bytes), bytes.Length);
    }

    private static ulong HeaderLength(int length, Random random) => random.Next(6) switch
    {
        0 => ulong.MaxValue,
        1 => long.MaxValue,
        2 => 1UL << random.Next(64),
        3 => 100_000_000,
        4 => (ulong)Math.Max(0, length + random.Next(-3, 4)),
        _ => 0,
    };

    private static string Of(string architecture, Action<System.Text.Json.Nodes.JsonObject> change)
    {
        var config = Configs.Llama();
        config["architectures"]![0] = architecture;
        change(config);
        return config.ToJsonString();
    }
}

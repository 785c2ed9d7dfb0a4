using System.Text.Json.Nodes;
using Llm42.Models;
using Llm42.Tests.Models.Reference;
using Llm42.Weights;

namespace Llm42.Tests.Models;

/// <summary>Configs and checkpoints that an architecture refuses, each by the name of what is wrong.</summary>
[TestClass]
public sealed class ArchitectureErrorTests
{
    private const string Mistral = "MistralForCausalLM";
    private const string Mixtral = "MixtralForCausalLM";
    private const string Phi3 = "Phi3ForCausalLM";
    private const string Qwen2 = "Qwen2ForCausalLM";
    private const string Qwen3 = "Qwen3ForCausalLM";
    private const string Qwen3Moe = "Qwen3MoeForCausalLM";

    private static readonly string[] Names = ["LlamaForCausalLM", Mistral, Mixtral, Phi3, Qwen2, Qwen3, Qwen3Moe];

    [TestMethod]
    public void An_unknown_architecture_is_answered_with_the_known_ones()
    {
        var message = ConfigError(Config("LlamaForCausalLm")).Message;
        Assert.Contains("\"LlamaForCausalLm\" is unknown", message);
        foreach (var name in Names)
            Assert.Contains(name, message);
    }

    [TestMethod]
    [DataRow(Mistral, "sliding_window", "0", "sliding_window must be an integer from 1 to 2147483647, found 0")]
    [DataRow(Mistral, "sliding_window", "-1", "sliding_window must be an integer from 1 to 2147483647, found -1")]
    [DataRow(Mistral, "sliding_window", "\"8\"", "found \"8\"")]
    [DataRow(Mistral, "sliding_window", "2.5", "found 2.5")]
    [DataRow(Mixtral, "sliding_window", "0", "sliding_window must be")]
    [DataRow(Phi3, "sliding_window", "-4", "sliding_window must be")]
    [DataRow(Qwen2, "sliding_window", "0", "sliding_window must be")]
    [DataRow(Qwen2, "use_sliding_window", "1", "use_sliding_window must be true or false, found 1")]
    [DataRow(Qwen2, "max_window_layers", "-1", "max_window_layers must be")]
    [DataRow(Qwen2, "layer_types", "[\"full_attention\"]", "layer_types must be an array of 2 strings")]
    [DataRow(Qwen2, "layer_types", "[\"full_attention\",\"chunked_attention\"]", "\"full_attention\" or \"sliding_attention\"")]
    [DataRow(Qwen3, "layer_types", "\"full_attention\"", "layer_types must be an array of strings")]
    [DataRow(Qwen3, "head_dim", "5", "5 of the 5 elements of a head are rotated")]
    [DataRow(Qwen3, "head_dim", "0", "head_dim must be an integer from 1 to 1024")]
    [DataRow(Qwen3, "attention_bias", "\"true\"", "attention_bias must be true or false")]
    [DataRow(Phi3, "partial_rotary_factor", "0.3", "1 of the 4 elements of a head are rotated")]
    [DataRow(Phi3, "partial_rotary_factor", "1.5", "partial_rotary_factor must be a number from 0 to 1")]
    [DataRow(Phi3, "rope_parameters", "{\"partial_rotary_factor\":0}", "0 of the 4 elements of a head are rotated")]
    [DataRow(Mixtral, "num_local_experts", "0", "num_local_experts must be an integer from 1 to 1024, found 0")]
    [DataRow(Mixtral, "num_local_experts", "1025", "num_local_experts must be an integer from 1 to 1024, found 1025")]
    [DataRow(Mixtral, "num_experts_per_tok", "0", "num_experts_per_tok must be an integer from 1 to 64, found 0")]
    [DataRow(Mixtral, "num_experts_per_tok", "5", "num_experts_per_tok is 5, but num_local_experts is only 4")]
    [DataRow(Mixtral, "num_local_experts", "1", "num_experts_per_tok is 2, but num_local_experts is only 1")]
    [DataRow(Qwen3Moe, "num_experts", "0", "num_experts must be an integer from 1 to 1024, found 0")]
    [DataRow(Qwen3Moe, "num_experts", "1025", "num_experts must be")]
    [DataRow(Qwen3Moe, "num_experts", "1", "num_experts_per_tok is 2, but num_experts is only 1")]
    [DataRow(Qwen3Moe, "moe_intermediate_size", "0", "moe_intermediate_size must be an integer from 1")]
    [DataRow(Qwen3Moe, "norm_topk_prob", "1", "norm_topk_prob must be true or false, found 1")]
    [DataRow(Qwen3Moe, "decoder_sparse_step", "0", "decoder_sparse_step must be an integer from 1")]
    [DataRow(Qwen3Moe, "mlp_only_layers", "0", "mlp_only_layers must be an array of integers from 0 to 1")]
    [DataRow(Qwen3Moe, "mlp_only_layers", "[-1]", "mlp_only_layers must be")]
    [DataRow(Qwen3Moe, "mlp_only_layers", "[\"0\"]", "mlp_only_layers must be")]
    public void A_wrong_field_is_refused_by_name(string architecture, string field, string json, string expected)
    {
        var config = Config(architecture);
        config[field] = JsonNode.Parse(json);
        Assert.Contains(expected, ConfigError(config).Message);
    }

    [TestMethod]
    public void Windows_that_no_field_gives_are_refused()
    {
        var config = Config(Qwen2);
        config["use_sliding_window"] = false;
        config["layer_types"] = JsonNode.Parse("[\"full_attention\",\"sliding_attention\"]");
        Assert.Contains("layer_types must be without \"sliding_attention\"", ConfigError(config).Message);
    }

    [TestMethod]
    public void Qwen3_experts_are_counted_under_either_name()
    {
        var config = Config(Qwen3Moe);
        config.Remove("num_experts");
        config["num_local_experts"] = 0;
        Assert.Contains("num_local_experts must be an integer from 1 to 1024, found 0", ConfigError(config).Message);
        config["num_local_experts"] = 1;
        Assert.Contains("but num_local_experts is only 1", ConfigError(config).Message);
    }

    [TestMethod]
    [DataRow(Mistral, "model.layers.1.self_attn.k_proj.weight")]
    [DataRow(Mixtral, "model.layers.1.block_sparse_moe.gate.weight")]
    [DataRow(Mixtral, "model.layers.1.block_sparse_moe.experts.3.w2.weight")]
    [DataRow(Phi3, "model.layers.0.self_attn.qkv_proj.weight")]
    [DataRow(Phi3, "model.layers.1.mlp.gate_up_proj.weight")]
    [DataRow(Qwen2, "model.layers.1.self_attn.v_proj.bias")]
    [DataRow(Qwen3, "model.layers.0.self_attn.q_norm.weight")]
    [DataRow(Qwen3Moe, "model.layers.0.mlp.experts.2.up_proj.weight")]
    [DataRow(Qwen3Moe, "model.layers.1.self_attn.k_norm.weight")]
    [DataRow(Qwen3, "lm_head.weight")]
    public void A_missing_tensor_is_named(string architecture, string tensor)
    {
        var message = CheckpointError(Config(architecture), tensors => tensors.Remove(tensor)).Message;
        Assert.Contains($"tensor \"{tensor}\" of shape [", message);
        Assert.Contains("is missing", message);
    }

    [TestMethod]
    [DataRow(Mistral, "model.layers.0.self_attn.q_proj.bias")]
    [DataRow(Mixtral, "model.layers.0.block_sparse_moe.experts.4.w1.weight")]
    [DataRow(Mixtral, "model.layers.0.mlp.gate_proj.weight")]
    [DataRow(Phi3, "model.layers.0.self_attn.q_proj.weight")]
    [DataRow(Qwen2, "model.layers.0.self_attn.o_proj.bias")]
    [DataRow(Qwen3, "model.layers.0.self_attn.q_proj.bias")]
    [DataRow(Qwen3Moe, "model.layers.0.mlp.up_proj.weight")]
    [DataRow(Qwen3Moe, "model.layers.0.mlp.shared_expert_gate.weight")]
    public void A_tensor_without_a_place_is_named(string architecture, string tensor)
    {
        var message = CheckpointError(Config(architecture), tensors => tensors.Add(tensor, "F32", [4], 0, 1)).Message;
        Assert.Contains($"1 tensors have no place in this architecture, the first is \"{tensor}\"", message);
    }

    [TestMethod]
    [DataRow(Mixtral, "model.layers.0.block_sparse_moe.experts.1.w2.weight", "[16, 24]")]
    [DataRow(Phi3, "model.layers.0.self_attn.qkv_proj.weight", "[32, 16]")]
    [DataRow(Phi3, "model.layers.0.mlp.gate_up_proj.weight", "[48, 16]")]
    [DataRow(Qwen3, "model.layers.1.self_attn.q_norm.weight", "[4]")]
    public void A_wrong_shape_is_named(string architecture, string tensor, string shape)
    {
        var message = CheckpointError(Config(architecture), tensors =>
        {
            tensors.Remove(tensor);
            tensors.Add(tensor, "F32", [7, 5], 0, 1);
        }).Message;
        Assert.Contains($"\"{tensor}\" must have shape {shape}, found [7, 5]", message);
    }

    [TestMethod]
    public void Dense_layers_among_sparse_ones_have_no_experts()
    {
        var config = Config(Qwen3Moe);
        config["mlp_only_layers"] = new JsonArray(1);
        var message = CheckpointError(config, tensors => tensors.Remove("model.layers.1.mlp.down_proj.weight")).Message;
        Assert.Contains("\"model.layers.1.mlp.down_proj.weight\" of shape [16, 24] is missing", message);
    }

    [TestMethod]
    [DataRow(Mistral)]
    [DataRow(Qwen2)]
    [DataRow(Qwen3Moe)]
    public void Any_changed_byte_of_a_config_either_loads_or_is_refused(string architecture)
    {
        const int Rounds = 1000;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        var whole = System.Text.Encoding.UTF8.GetBytes(Config(architecture).ToJsonString());
        using var directory = new TemporaryDirectory();
        for (var round = 0; round < Rounds; round++)
        {
            var changed = whole.ToArray();
            for (var count = random.Next(1, 4); count > 0; count--)
                changed[random.Next(changed.Length)] = (byte)(random.Next(3) == 0 ? random.Next(256) : "0123456789-.e,:[]{}\""[random.Next(20)]);
            directory.Write(ModelConfigReader.FileName, changed);
            try
            {
                var (found, config) = ModelConfigReader.Read(directory.Path);
                if (config.Layers < 100)
                    _ = found.Describe(config);
            }
            catch (ModelFormatException)
            {
            }
            catch (Exception error)
            {
                Assert.Fail($"seed {seed}, round {round}: {error}");
            }
        }
    }

    /// <summary>A config that is right, with every field that its architecture knows.</summary>
    private static JsonObject Config(string architecture)
    {
        var config = Configs.Llama();
        config["architectures"] = new JsonArray(architecture);
        switch (architecture)
        {
            case Mistral or Phi3:
                config["sliding_window"] = 8;
                break;
            case Mixtral:
                config["num_local_experts"] = 4;
                config["num_experts_per_tok"] = 2;
                break;
            case Qwen2 or Qwen3:
                config["head_dim"] = 4;
                config["use_sliding_window"] = true;
                config["sliding_window"] = 8;
                config["max_window_layers"] = 1;
                break;
            case Qwen3Moe:
                config["num_experts"] = 4;
                config["num_experts_per_tok"] = 2;
                config["moe_intermediate_size"] = 20;
                config["norm_topk_prob"] = true;
                config["decoder_sparse_step"] = 1;
                config["mlp_only_layers"] = new JsonArray();
                break;
        }
        return config;
    }

    private static ModelFormatException ConfigError(JsonObject config)
    {
        using var directory = new TemporaryDirectory();
        var path = directory.Write(ModelConfigReader.FileName, config.ToJsonString());
        var error = Assert.ThrowsExactly<ModelFormatException>(() => ModelConfigReader.Read(directory.Path));
        Assert.StartsWith(path, error.Message);
        return error;
    }

    /// <summary>The error of a checkpoint with a change; without the change there is none.</summary>
    private static ModelFormatException CheckpointError(JsonObject config, Action<RandomTensors> change)
    {
        Check(config, null);
        return Assert.ThrowsExactly<ModelFormatException>(() => Check(config, change));
    }

    private static void Check(JsonObject config, Action<RandomTensors>? change)
    {
        using var directory = new TemporaryDirectory();
        RandomCheckpoint.Write(directory.Path, config, new Random(1), change);
        var (architecture, read) = ModelConfigReader.Read(directory.Path);
        using var source = SafetensorsSource.Open(directory.Path);
        architecture.Describe(read).Check(source);
    }
}

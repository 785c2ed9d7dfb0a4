using Llm42.Models;
using Llm42.Models.Rope;

namespace Llm42.Tests.Models;

[TestClass]
public sealed class ModelConfigReaderTests
{
    [TestMethod]
    public void Fields_are_read_and_missing_ones_have_the_published_defaults()
    {
        var config = Read(Configs.Llama().ToJsonString());
        Assert.AreEqual("LlamaForCausalLM", config.Architecture);
        Assert.AreEqual(4, config.HeadSize);
        Assert.AreEqual(8, config.KvWidth);
        Assert.AreEqual(1e-5f, config.RmsNormEpsilon);
        RopeConfigTests.AreEqual(RopeConfig.Of(10000, 4, RopeScaling.None), config.Rope);
        Assert.IsFalse(config.TieWordEmbeddings);
        Assert.AreEqual("2, 3", string.Join(", ", config.EosTokenIds));
    }

    [TestMethod]
    public void Head_size_and_a_single_eos_may_be_given()
    {
        Assert.AreEqual(8, Read(Configs.With("head_dim", "8")).HeadSize);
        Assert.AreEqual(7, Read(Configs.With("eos_token_id", "7")).EosTokenIds.Single());
        Assert.IsEmpty(Read(Configs.With("eos_token_id", "null")).EosTokenIds);
        Assert.AreEqual(4, Read(Configs.With("num_key_value_heads", null)).KvHeads);
    }

    [TestMethod]
    [DataRow("architectures", "[\"GptOssForCausalLM\"]", "\"GptOssForCausalLM\" is unknown; known are LlamaForCausalLM")]
    [DataRow("architectures", "[]", "begins with one of LlamaForCausalLM")]
    [DataRow("architectures", "\"LlamaForCausalLM\"", "must be an array of strings")]
    [DataRow("architectures", null, "\"architectures\" is missing")]
    [DataRow("hidden_size", null, "\"hidden_size\" is missing")]
    [DataRow("hidden_size", "0", "hidden_size must be an integer from 1 to 16777216, found 0")]
    [DataRow("hidden_size", "\"16\"", "found \"16\"")]
    [DataRow("hidden_size", "16.5", "found 16.5")]
    [DataRow("hidden_size", "99999999999", "found 99999999999")]
    [DataRow("hidden_size", "18", "num_attention_heads must be a divisor of hidden_size, which is 18")]
    [DataRow("intermediate_size", null, "\"intermediate_size\" is missing")]
    [DataRow("num_hidden_layers", "-1", "found -1")]
    [DataRow("num_attention_heads", null, "\"num_attention_heads\" is missing")]
    [DataRow("num_key_value_heads", "3", "num_key_value_heads must be a divisor of num_attention_heads, which is 4, not 3")]
    [DataRow("head_dim", "2000", "head_dim must be an integer from 1 to 1024, found 2000")]
    [DataRow("head_dim", "5", "5 of the 5 elements of a head are rotated")]
    [DataRow("vocab_size", null, "\"vocab_size\" is missing")]
    [DataRow("max_position_embeddings", null, "\"max_position_embeddings\" is missing")]
    [DataRow("rms_norm_eps", "-1", "rms_norm_eps must be a number from 0 to 1, found -1")]
    [DataRow("rms_norm_eps", "1e999", "found 1e999")]
    [DataRow("rope_theta", "0", "rope_theta must be a number from 1")]
    [DataRow("hidden_act", "\"gelu\"", "hidden_act must be \"silu\", found \"gelu\"")]
    [DataRow("tie_word_embeddings", "1", "tie_word_embeddings must be true or false, found 1")]
    [DataRow("eos_token_id", "32", "eos_token_id must be an integer from 0 to 31")]
    [DataRow("eos_token_id", "[1,\"2\"]", "eos_token_id must be an integer from 0 to 31, or an array")]
    [DataRow("quantization_config", "{}", "quantised checkpoints are not read")]
    [DataRow("rope_scaling", "{\"rope_type\":\"ntk\",\"factor\":2}", "rope_scaling.rope_type must be one of default, linear, llama3, yarn, longrope, su, factors, found \"ntk\"")]
    [DataRow("rope_scaling", "{\"type\":\"yarn\"}", "\"rope_scaling.factor\" is missing")]
    [DataRow("rope_scaling", "{\"type\":\"yarn\",\"factor\":2,\"beta_fast\":0}", "rope_scaling.beta_fast must be a number from 1E-06")]
    [DataRow("rope_scaling", "{\"type\":\"yarn\",\"factor\":2,\"truncate\":1}", "rope_scaling.truncate must be true or false")]
    [DataRow("rope_scaling", "{\"type\":\"longrope\"}", "\"original_max_position_embeddings\" is missing")]
    [DataRow("rope_scaling", "{\"type\":\"longrope\",\"original_max_position_embeddings\":8,\"long_factor\":[1]}", "rope_scaling.long_factor must be an array of 2 numbers")]
    [DataRow("rope_scaling", "{\"type\":\"longrope\",\"original_max_position_embeddings\":8,\"long_factor\":[1,0]}", "rope_scaling.long_factor must be an array of numbers from 0.015625")]
    [DataRow("rope_scaling", "{\"type\":\"dynamic\",\"factor\":2}", "rope_scaling.type must be one of")]
    [DataRow("rope_scaling", "{\"type\":\"linear\"}", "\"rope_scaling.factor\" is missing")]
    [DataRow("rope_scaling", "{\"type\":\"linear\",\"factor\":0}", "rope_scaling.factor must be a number from 1")]
    [DataRow("rope_scaling", "{\"type\":\"llama3\",\"factor\":2,\"low_freq_factor\":4,\"high_freq_factor\":4,\"original_max_position_embeddings\":8}", "high_freq_factor must be above low_freq_factor")]
    [DataRow("rope_scaling", "7", "rope_scaling must be a JSON object")]
    public void A_wrong_field_is_refused_by_name(string field, string? json, string expected)
    {
        using var directory = new TemporaryDirectory();
        var path = directory.Write(ModelConfigReader.FileName, Configs.With(field, json));
        var error = Assert.ThrowsExactly<ModelFormatException>(() => ModelConfigReader.Read(directory.Path));
        Assert.Contains(expected, error.Message);
        Assert.StartsWith(path, error.Message);
    }

    [TestMethod]
    public void Missing_places_are_named()
    {
        using var directory = new TemporaryDirectory();
        var missing = Assert.ThrowsExactly<ModelFormatException>(() => ModelConfigReader.Read(directory.Path));
        Assert.Contains("config.json: the file does not exist", missing.Message);
        var nowhere = Assert.ThrowsExactly<ModelFormatException>(
            () => ModelConfigReader.Read(Path.Combine(directory.Path, "none")));
        Assert.Contains("the model directory does not exist", nowhere.Message);
    }

    [TestMethod]
    public void Any_changed_byte_either_loads_or_is_refused()
    {
        const int Rounds = 3000;
        var seed = Environment.TickCount;
        var random = new Random(seed);
        using var directory = new TemporaryDirectory();
        var whole = System.Text.Encoding.UTF8.GetBytes(Configs.With(
            "rope_scaling",
            """{"rope_type":"llama3","factor":8,"low_freq_factor":1,"high_freq_factor":4,"original_max_position_embeddings":64}"""));
        for (var round = 0; round < Rounds; round++)
        {
            var mutated = whole.ToArray();
            for (var flips = random.Next(1, 4); flips > 0; flips--)
                mutated[random.Next(mutated.Length)] = (byte)(random.Next(3) == 0 ? random.Next(256) : "0123456789-.e,:[]{}\""[random.Next(20)]);
            directory.Write(ModelConfigReader.FileName, mutated);
            try
            {
                var (architecture, config) = ModelConfigReader.Read(directory.Path);
                if (config.Layers < 100)
                    _ = architecture.Describe(config);
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

    private static ModelConfig Read(string json)
    {
        using var directory = new TemporaryDirectory();
        directory.Write(ModelConfigReader.FileName, json);
        return ModelConfigReader.Read(directory.Path).Config;
    }
}

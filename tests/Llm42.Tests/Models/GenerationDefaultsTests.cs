using Llm42.Models;

namespace Llm42.Tests.Models;

/// <summary>generation_config.json as it is found beside real models, as the transformers library reads it.</summary>
[TestClass]
public sealed class GenerationDefaultsTests
{
    private const int Vocabulary = 200_000;

    [TestMethod]
    public void Without_the_file_the_answer_is_greedy()
    {
        using var directory = new TemporaryDirectory();
        Assert.AreSame(GenerationDefaults.None, GenerationDefaults.Read(directory.Path, Vocabulary));
        Assert.AreEqual((0f, 1f, 0, 0f, 1f), Sampling(GenerationDefaults.None));
        Assert.AreEqual(256, GenerationDefaults.None.MaxTokens(5000));
    }

    [TestMethod]
    [DataRow("""{"do_sample":true,"temperature":0.6,"top_p":0.9,"eos_token_id":[128001,128008,128009]}""", 0.6f, 0.9f, 50, DisplayName = "Llama 3.1")]
    [DataRow("""{"do_sample":true,"temperature":0.6,"top_k":20,"top_p":0.95,"eos_token_id":[151645,151643]}""", 0.6f, 0.95f, 20, DisplayName = "Qwen3")]
    [DataRow("""{"_from_model_config":true,"eos_token_id":[32000,32001,32007],"transformers_version":"4.39.3"}""", 0f, 1f, 0, DisplayName = "Phi-3: greedy")]
    [DataRow("""{"do_sample":true}""", 1f, 1f, 50, DisplayName = "the library's own defaults of sampling")]
    [DataRow("""{"do_sample":true,"temperature":1.0,"top_k":0,"top_p":0.8}""", 1f, 0.8f, 0, DisplayName = "top_k 0 keeps all")]
    [DataRow("""{"do_sample":true,"temperature":null,"top_p":null,"top_k":null}""", 1f, 1f, 50, DisplayName = "nulls are silence")]
    [DataRow("""{"temperature":0.7,"top_p":0.8,"top_k":20}""", 0f, 0.8f, 20, DisplayName = "no do_sample is greedy, the rest waits for a temperature")]
    [DataRow("""{"do_sample":false,"temperature":0.7,"top_p":0.8}""", 0f, 0.8f, 0, DisplayName = "do_sample false")]
    [DataRow("""{"do_sample":true,"temperature":0.000001,"top_k":1}""", 0f, 1f, 1, DisplayName = "a temperature below the sampler's least is greedy")]
    [DataRow("""{"do_sample":true,"temperature":0.01}""", 0.01f, 1f, 50, DisplayName = "the least temperature")]
    [DataRow("""{"do_sample":true,"top_p":0}""", 1f, 1e-8f, 50, DisplayName = "top_p 0 keeps one token")]
    public void Sampling_is_read_as_transformers_reads_it(string json, float temperature, float topP, int topK)
    {
        var defaults = Read(json);
        Assert.AreEqual((temperature, topP, topK, 0f, 1f), Sampling(defaults));
    }

    [TestMethod]
    public void The_rest_of_the_fields_are_read()
    {
        var defaults = Read(
            """{"eos_token_id":[4,5],"min_p":0.1,"repetition_penalty":1.05,"max_new_tokens":32,"max_length":10,"stop_strings":["a","b"]}""");
        Assert.AreEqual("4, 5", string.Join(", ", defaults.EosTokenIds));
        Assert.AreEqual((0.1f, 1.05f), (defaults.MinP, defaults.RepetitionPenalty));
        Assert.AreEqual(32, defaults.MaxTokens(100), "max_new_tokens goes before max_length");
        Assert.AreEqual("a, b", string.Join(", ", defaults.StopStrings));
        Assert.AreEqual("x", Read("""{"stop_strings":"x"}""").StopStrings.Single());
        Assert.AreEqual(7, Read("""{"eos_token_id":7}""").EosTokenIds.Single());
    }

    [TestMethod]
    public void The_largest_length_counts_the_prompt()
    {
        var defaults = Read("""{"max_length":10}""");
        Assert.AreEqual(7, defaults.MaxTokens(3));
        Assert.AreEqual(1, defaults.MaxTokens(9));
        var error = Assert.ThrowsExactly<ArgumentException>(() => defaults.MaxTokens(10));
        Assert.Contains("The prompt has 10 tokens, and max_length", error.Message);
        Assert.Contains("--max-tokens", error.Message);
    }

    [TestMethod]
    [DataRow("num_beams", "4")]
    [DataRow("num_return_sequences", "2")]
    [DataRow("penalty_alpha", "0.6")]
    [DataRow("dola_layers", "\"high\"")]
    [DataRow("guidance_scale", "1.5")]
    [DataRow("token_healing", "true")]
    [DataRow("watermarking_config", "{\"bias\":2}")]
    [DataRow("typical_p", "0.9")]
    [DataRow("epsilon_cutoff", "0.1")]
    [DataRow("eta_cutoff", "0.1")]
    [DataRow("encoder_repetition_penalty", "1.1")]
    [DataRow("no_repeat_ngram_size", "3")]
    [DataRow("exponential_decay_length_penalty", "[5, 1.1]")]
    [DataRow("min_length", "5")]
    [DataRow("min_new_tokens", "5")]
    [DataRow("max_time", "5.0")]
    [DataRow("sequence_bias", "[[[1],2.0]]")]
    [DataRow("bad_words_ids", "[[5]]")]
    [DataRow("suppress_tokens", "[5]")]
    [DataRow("begin_suppress_tokens", "[220, 50256]")]
    [DataRow("forced_bos_token_id", "0")]
    [DataRow("forced_eos_token_id", "2")]
    [DataRow("forced_decoder_ids", "[[1, 50362]]")]
    public void What_would_change_the_answers_and_is_not_honoured_is_refused(string field, string value)
    {
        var error = Assert.ThrowsExactly<ModelFormatException>(() => Read($$"""{"{{field}}":{{value}},"num_beam_groups":2}"""));
        Assert.Contains($"{field} = {value}", error.Message);
        Assert.Contains("num_beam_groups = 2", error.Message, "all of them are named");
        Assert.Contains("--generation-config none", error.Message);
        var passedOver = Read($$"""{"{{field}}":{{value}},"eos_token_id":3,"repetition_penalty":2}""", onlyEosTokens: true);
        Assert.AreEqual((1f, 1f, 0, 0f, 1f), Sampling(passedOver));
        Assert.AreEqual(3, passedOver.EosTokenIds.Single());
    }

    [TestMethod]
    public void What_changes_no_answer_is_passed_over() => Assert.AreEqual((0f, 1f, 0, 0f, 1f), Sampling(Read(
        """
        {"num_beams":1,"num_beam_groups":1,"num_return_sequences":1,"typical_p":1.0,"no_repeat_ngram_size":0,"min_length":0,
        "min_new_tokens":null,"bad_words_ids":null,"suppress_tokens":[],"sequence_bias":{},"guidance_scale":1,"token_healing":false,
        "penalty_alpha":null,"length_penalty":1.2,"early_stopping":true,"use_cache":false,"pad_token_id":0,"bos_token_id":1,
        "transformers_version":"4.51.1","_from_model_config":true,"chat_format":"chatml","diversity_penalty":0.0,
        "forced_eos_token_id":null,"max_time":null,"renormalize_logits":true,"prompt_lookup_num_tokens":10}
        """)));

    [TestMethod]
    [DataRow("temperature", "-0.1", "temperature must be a number from 0 to 100, found -0.1")]
    [DataRow("temperature", "1e999", "found 1e999")]
    [DataRow("temperature", "\"1\"", "found \"1\"")]
    [DataRow("top_p", "1.1", "top_p must be a number from 0 to 1")]
    [DataRow("top_k", "-1", "top_k must be an integer from 0")]
    [DataRow("top_k", "5.5", "found 5.5")]
    [DataRow("min_p", "2", "min_p must be")]
    [DataRow("repetition_penalty", "0", "repetition_penalty must be")]
    [DataRow("max_new_tokens", "0", "max_new_tokens must be an integer from 1")]
    [DataRow("max_length", "-1", "max_length must be an integer from 1")]
    [DataRow("do_sample", "1", "do_sample must be true or false, found 1")]
    [DataRow("eos_token_id", "200000", "eos_token_id must be an integer from 0 to 199999")]
    [DataRow("eos_token_id", "[1,-1]", "eos_token_id must be")]
    [DataRow("stop_strings", "5", "stop_strings must be a string, found 5")]
    [DataRow("stop_strings", "[5]", "stop_strings[0] must be a string")]
    [DataRow("stop_strings", "[\"\"]", "stop_strings[0] must not be empty")]
    public void A_wrong_field_is_refused_by_name(string field, string value, string expected)
    {
        var error = Assert.ThrowsExactly<ModelFormatException>(() => Read($$"""{"{{field}}":{{value}}}"""));
        Assert.Contains(expected, error.Message);
        Assert.Contains(GenerationDefaults.FileName, error.Message);
    }

    private static (float Temperature, float TopP, int TopK, float MinP, float RepetitionPenalty) Sampling(GenerationDefaults defaults) =>
        (defaults.Temperature, defaults.TopP, defaults.TopK, defaults.MinP, defaults.RepetitionPenalty);

    private static GenerationDefaults Read(string json, bool onlyEosTokens = false)
    {
        using var directory = new TemporaryDirectory();
        directory.Write(GenerationDefaults.FileName, json);
        return GenerationDefaults.Read(directory.Path, Vocabulary, onlyEosTokens);
    }
}

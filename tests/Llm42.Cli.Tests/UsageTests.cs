using Llm42.Testing;

namespace Llm42.Cli.Tests;

[TestClass]
public sealed class UsageTests
{
    [TestMethod]
    [DataRow("--threads", "many", "--threads is 'many'", "0 to 1024")]
    [DataRow("--threads", "1025", "--threads is '1025'", "0 to 1024")]
    [DataRow("--isa", "mmx", "--isa is 'mmx'", "portable")]
    [DataRow("--kv-dtype", "f8", "--kv-dtype is 'f8'", "bf16, f32")]
    [DataRow("--drafter", "magic", "--drafter is 'magic'", "auto, same, int8, ngram, none")]
    [DataRow("--determinism", "maybe", "--determinism is 'maybe'", "auto, dvr, invariant, off")]
    [DataRow("--verifier", "no", "--verifier is 'no'", "fixed-shape")]
    [DataRow("--window", "0", "--window is '0'", "1 to")]
    [DataRow("--llm42-window-size", "x", "--window is 'x'", "integer")]
    [DataRow("--temperature", "hot", "--temperature is 'hot'", "number")]
    [DataRow("--temperature", "nan", "--temperature is 'nan'", "number")]
    [DataRow("--seed", "-1", "--seed is '-1'", "18446744073709551615")]
    [DataRow("--repetition-penalty", "11", "--repetition-penalty is '11'", "0 to 10")]
    [DataRow("--presence-penalty", "-3", "--presence-penalty is '-3'", "-2 to 2")]
    [DataRow("--frequency-penalty", "nan", "--frequency-penalty is 'nan'", "-2 to 2")]
    [DataRow("--logit-bias", "5", "--logit-bias has '5'", "such as 5:-100")]
    [DataRow("--logit-bias", "5:1,x:2", "--logit-bias has 'x:2'", "token id")]
    [DataRow("--logit-bias", "5:101", "--logit-bias has '5:101'", "-100 to 100")]
    [DataRow("--logit-bias", "5:nan", "--logit-bias has '5:nan'", "-100 to 100")]
    [DataRow("--logit-bias", "", "--logit-bias has ''", "token id")]
    [DataRow("--logit-bias", "5:1,5:2", "--logit-bias names token 5 twice", "one number")]
    [DataRow("--n", "0", "--n is '0'", "1 to 128")]
    [DataRow("--n", "129", "--n is '129'", "1 to 128")]
    [DataRow("--max-tokens", "0", "--max-tokens is '0'", "1 or more")]
    [DataRow("--prompt-ids", "1,x,3", "--prompt-ids is '1,x,3'", "1,2,3")]
    [DataRow("--prompt-ids", "", "--prompt-ids is ''", "1,2,3")]
    [DataRow("--enable-llm42", "4", "--enable-llm42 is '4'", "0 to 3")]
    [DataRow("--no-such-option", "1", "--no-such-option", "--help")]
    public async Task Bad_option_value_is_refused(string option, string value, string named, string range) =>
        Cli.AssertRefused(await Cli.RunAsync("generate", "demo", "--prompt", "x", option, value), 2, "llm42 generate: ", named, range);

    [TestMethod]
    [DataRow("no model", "generate", "--prompt", "x")]
    [DataRow("no prompt", "generate", "demo")]
    [DataRow("more than one prompt", "generate", "demo", "--prompt", "x", "--prompt-ids", "1")]
    [DataRow("--model-path", "generate", "demo", "--model-path", "demo", "--prompt", "x")]
    [DataRow("--logprobs", "generate", "demo", "--prompt", "x", "--logprobs", "2")]
    [DataRow("--enable-llm42 0", "generate", "demo", "--prompt", "x", "--deterministic", "--enable-llm42", "0")]
    [DataRow("fixed-shape", "generate", "demo", "--prompt", "x", "--enable-llm42", "3", "--verifier", "invariant")]
    [DataRow("--drafter", "generate", "demo", "--prompt", "x", "--enable-deterministic-inference", "2", "--drafter", "same")]
    [DataRow("--enable-llm42 0", "check", "demo", "--enable-llm42", "0")]
    [DataRow("--determinism off", "generate", "demo", "--prompt", "x", "--deterministic", "--determinism", "off")]
    [DataRow("--determinism off", "generate", "demo", "--prompt", "x", "--enable-llm42", "0", "--determinism", "dvr")]
    [DataRow("--determinism dvr", "generate", "demo", "--prompt", "x", "--enable-deterministic-inference", "1", "--determinism", "dvr")]
    [DataRow("takes text", "tokenize", "demo", "--prompt-ids", "1")]
    [DataRow("--jsonl", "tokenize", "demo", "--prompt", "x", "--jsonl")]
    [DataRow("--no-special-tokens", "tokenize", "demo", "--jsonl", "--no-special-tokens")]
    [DataRow("frobnicate", "frobnicate")]
    public async Task Senseless_command_line_is_refused(string named, params string[] arguments) =>
        Cli.AssertRefused(await Cli.RunAsync(arguments), 2, named);

    [TestMethod]
    public async Task Missing_model_directory_is_named() =>
        Cli.AssertRefused(await Cli.RunAsync("generate", "no/such/model", "--prompt", "x"), 1, "no/such/model");

    [TestMethod]
    public async Task Missing_prompt_file_is_named() =>
        Cli.AssertRefused(await Cli.RunAsync("generate", "demo", "--prompt-file", "no-such-file"), 1, "no-such-file");

    [TestMethod]
    public async Task Token_id_outside_the_vocabulary_is_named() =>
        Cli.AssertRefused(await Cli.RunAsync("generate", "demo", "--prompt-ids", "1,99999"), 1, "99999", "0..2047");

    [TestMethod]
    public async Task Logit_bias_outside_the_vocabulary_is_named() =>
        Cli.AssertRefused(await Cli.RunAsync("generate", "demo", "--prompt", "x", "--logit-bias", "99999:1"), 1, "logit_bias", "99999", "0..2047");

    [TestMethod]
    public async Task Repetition_penalty_of_nothing_is_refused() =>
        Cli.AssertRefused(await Cli.RunAsync("generate", "demo", "--prompt", "x", "--repetition-penalty", "0"), 1, "repetition_penalty is 0", "above 0");

    [TestMethod]
    public async Task Prompt_longer_than_the_context_is_refused() =>
        Cli.AssertRefused(
            await Cli.RunAsync("generate", "demo", "--max-context", "16", "--prompt-ids", string.Join(',', Enumerable.Repeat(5, 40))),
            1, "40", "16");

    [TestMethod]
    public async Task Damaged_model_is_one_line_and_no_stack_trace()
    {
        string directory = Directory.CreateTempSubdirectory("llm42-test-").FullName;
        try
        {
            foreach (string name in (string[])["config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"])
                File.Copy(RepositoryRoot.InRoot($"src/Llm42.Cli/DemoModel/{name}"), Path.Combine(directory, name));
            await File.WriteAllBytesAsync(Path.Combine(directory, "model.safetensors"), [255, 255, 255, 255, 255, 255, 255, 127, 0]);
            Cli.AssertRefused(await Cli.RunAsync("generate", directory, "--prompt", "x"), 1, "model.safetensors");
            Run verbose = await Cli.RunAsync("generate", directory, "--prompt", "x", "--verbose");
            Assert.AreEqual(1, verbose.ExitCode);
            StringAssert.Contains(verbose.Error, "   at ", StringComparison.Ordinal);
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    [TestMethod]
    public async Task Help_lists_the_commands()
    {
        foreach (string[] arguments in (string[][])[[], ["--help"]])
        {
            Run run = await Cli.RunAsync(arguments);
            Assert.AreEqual(0, run.ExitCode, run.ToString());
            foreach (string command in (string[])["generate", "replay", "score", "tokenize", "render", "check", "demo", "info", "doctor", "bench"])
                StringAssert.Contains(run.Output, command, StringComparison.Ordinal);
        }
    }

    [TestMethod]
    [DataRow("Drafter is None", "--determinism", "dvr", "--drafter", "none")]
    [DataRow("Drafter is Same", "--determinism", "invariant", "--drafter", "same")]
    [DataRow("Determinism is Invariant", "--verifier", "fixed-shape", "--determinism", "invariant")]
    public async Task Ways_that_exclude_each_other_are_refused(string named, params string[] arguments) =>
        Cli.AssertRefused(await Cli.RunAsync(["generate", "demo", "--prompt", "x", .. arguments]), 1, named);

    [TestMethod]
    public async Task Published_flags_are_accepted()
    {
        Run run = await Cli.RunAsync(
            "generate", "--model-path", "demo", "--prompt", "x", "--max-tokens", "4", "--random-seed", "7", "--enable-llm42", "1",
            "--llm42-window-size", "16", "--llm42-verify-batch-size", "4", "--llm42-skip-mismatch", "100", "--is-deterministic");
        Assert.AreEqual(0, run.ExitCode, run.ToString());
    }
}

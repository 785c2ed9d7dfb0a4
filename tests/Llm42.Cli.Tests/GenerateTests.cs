using System.Text.Json.Nodes;
using Llm42.Testing;

namespace Llm42.Cli.Tests;

[TestClass]
public sealed class GenerateTests
{
    private static readonly string[] Prompt = ["--prompt", "And God said", "--max-tokens", "24"];

    [TestMethod]
    public async Task A_schema_in_a_file_gives_the_answer_its_form()
    {
        string file = Path.Combine(Path.GetTempPath(), $"llm42-schema-{Environment.ProcessId}.json");
        try
        {
            await File.WriteAllTextAsync(file, """{"type":"object","properties":{"n":{"type":"integer","maximum":99,"minimum":10}},"required":["n"]}""");
            JsonNode json = await Cli.JsonAsync("generate", "demo", "--prompt", "And God said", "--json-schema", file);
            Assert.AreEqual("stop", json["finish_reason"]!.GetValue<string>());
            Assert.IsTrue(JsonNode.Parse(json["text"]!.GetValue<string>())!["n"]!.GetValue<int>() is >= 10 and <= 99);

            Cli.AssertRefused(
                await Cli.RunAsync("generate", "demo", "--prompt", "a", "--json-schema", file, "--json-object"), 2, "--json-object", "--json-schema");
            await File.WriteAllTextAsync(file, """{"items":{"uniqueItems":true}}""");
            Cli.AssertRefused(await Cli.RunAsync("generate", "demo", "--prompt", "a", "--json-schema", file), 2, "#/items", "uniqueItems");
        }
        finally
        {
            File.Delete(file);
        }
    }

    [TestMethod]
    public async Task A_profile_goes_into_the_json_or_beside_the_answer_and_needs_the_cpu()
    {
        JsonNode json = await Cli.JsonAsync(["generate", "demo", .. Prompt, "--ignore-eos", "--profile"]);
        CollectionAssert.AreEqual(new[] { "token_ids", "text", "finish_reason", "usage", "llm42", "profile" }, Cli.Keys(json));
        CollectionAssert.AreEqual(new[] { "prefill", "decode" }, Cli.Keys(json["profile"]));
        JsonNode decode = json["profile"]!["decode"]!;
        CollectionAssert.AreEqual(new[] { "steps", "rows", "seconds", "host_share", "parts" }, Cli.Keys(decode));
        Assert.AreEqual(23, decode["steps"]!.GetValue<int>());
        JsonNode qkv = decode["parts"]!.AsArray().Single(part => part!["name"]!.GetValue<string>() == "linear.qkv")!;
        CollectionAssert.AreEqual(
            new[] { "name", "calls", "seconds", "share", "gflops_per_second", "gigabytes_per_second" }, Cli.Keys(qkv));
        Assert.AreEqual(1.0, decode["parts"]!.AsArray().Sum(part => part!["share"]!.GetValue<double>()), 1e-9);

        Run plain = await Cli.RunAsync(["generate", "demo", .. Prompt, "--profile"]);
        Assert.AreEqual(0, plain.ExitCode, plain.ToString());
        StringAssert.Contains(plain.Error, "linear.lm_head", StringComparison.Ordinal);
        Assert.IsFalse(plain.Output.Contains("linear", StringComparison.Ordinal), plain.ToString());
        Cli.AssertRefused(
            await Cli.RunAsync("generate", "demo", "--prompt", "a", "--profile", "--device", "cuda"), 2, "--profile needs the cpu backend", "cuda");
    }

    [TestMethod]
    public async Task Json_has_the_documented_shape()
    {
        JsonNode json = await Cli.JsonAsync(["generate", "demo", .. Prompt, "--deterministic", "--ignore-eos", "--logprobs", "3"]);
        CollectionAssert.AreEqual(new[] { "token_ids", "text", "finish_reason", "usage", "logprobs", "llm42" }, Cli.Keys(json));
        CollectionAssert.AreEqual(new[] { "prompt_tokens", "completion_tokens" }, Cli.Keys(json["usage"]));
        CollectionAssert.AreEqual(
            new[] { "num_verification_windows", "num_rollbacks", "tokens_rolled_back" }, Cli.Keys(json["llm42"]));
        int[] ids = Cli.Integers(json["token_ids"]);
        Assert.HasCount(24, ids);
        Assert.AreEqual(24, json["usage"]!["completion_tokens"]!.GetValue<int>());
        Assert.AreEqual("length", json["finish_reason"]!.GetValue<string>());
        JsonArray logprobs = json["logprobs"]!.AsArray();
        Assert.HasCount(24, logprobs);
        for (int i = 0; i < ids.Length; i++)
        {
            CollectionAssert.AreEqual(new[] { "token_id", "logprob", "top" }, Cli.Keys(logprobs[i]));
            Assert.AreEqual(ids[i], logprobs[i]!["token_id"]!.GetValue<int>());
            Assert.HasCount(3, logprobs[i]!["top"]!.AsArray());
            Assert.IsLessThanOrEqualTo(0f, logprobs[i]!["logprob"]!.GetValue<float>());
        }
    }

    [TestMethod]
    public async Task Json_leaves_logprobs_out_unless_asked_for()
    {
        JsonNode json = await Cli.JsonAsync(["generate", "demo", .. Prompt]);
        Assert.IsFalse(json.AsObject().ContainsKey("logprobs"));
    }

    [TestMethod]
    public async Task Text_on_standard_output_is_the_text_of_the_json_and_nothing_else()
    {
        string[] arguments = ["generate", "demo", .. Prompt, "--deterministic", "--temperature", "0.7", "--seed", "5"];
        Run text = await Cli.RunAsync(arguments);
        Assert.AreEqual(0, text.ExitCode, text.ToString());
        Assert.AreEqual("", text.Error);
        JsonNode json = await Cli.JsonAsync(arguments);
        Assert.AreEqual(json["text"]!.GetValue<string>().TrimEnd('\n'), text.Output.TrimEnd('\n'));
    }

    [TestMethod]
    public async Task Seed_changes_a_sampled_answer_and_the_same_seed_repeats_it()
    {
        string[] arguments = ["generate", "demo", .. Prompt, "--deterministic", "--temperature", "0.9", "--ignore-eos"];
        int[] first = Cli.Integers((await Cli.JsonAsync([.. arguments, "--seed", "1"]))["token_ids"]);
        int[] again = Cli.Integers((await Cli.JsonAsync([.. arguments, "--random-seed", "1"]))["token_ids"]);
        int[] other = Cli.Integers((await Cli.JsonAsync([.. arguments, "--seed", "2"]))["token_ids"]);
        CollectionAssert.AreEqual(first, again);
        CollectionAssert.AreNotEqual(first, other);
    }

    [TestMethod]
    public async Task Logit_bias_bans_and_forces_tokens_given_in_a_list_or_one_by_one()
    {
        string[] arguments = ["generate", "demo", .. Prompt, "--temperature", "0", "--ignore-eos"];
        int[] plain = Cli.Integers((await Cli.JsonAsync(arguments))["token_ids"]);
        int[] banned = Cli.Integers((await Cli.JsonAsync(
            [.. arguments, "--logit-bias", $"{plain[0]}:-100,{plain[3]}:-1e2"]))["token_ids"]);
        CollectionAssert.DoesNotContain(banned, plain[0]);
        CollectionAssert.DoesNotContain(banned, plain[3]);
        int[] again = Cli.Integers((await Cli.JsonAsync(
            [.. arguments, "--logit-bias", $"{plain[0]}:-100", "--logit-bias", $"{plain[3]}:-100"]))["token_ids"]);
        CollectionAssert.AreEqual(banned, again);
        int[] forced = Cli.Integers((await Cli.JsonAsync([.. arguments, "--logit-bias", "77:100"]))["token_ids"]);
        Assert.IsTrue(Array.TrueForAll(forced, id => id == 77), string.Join(',', forced));
    }

    [TestMethod]
    [DataRow("--repetition-penalty", "1.8")]
    [DataRow("--presence-penalty", "1.5")]
    [DataRow("--frequency-penalty", "1.5")]
    public async Task A_penalty_makes_an_answer_more_varied(string option, string value)
    {
        string[] arguments = ["generate", "demo", "--prompt", "And God said", "--max-tokens", "64", "--temperature", "0", "--ignore-eos"];
        int[] plain = Cli.Integers((await Cli.JsonAsync(arguments))["token_ids"]);
        int[] varied = Cli.Integers((await Cli.JsonAsync([.. arguments, option, value]))["token_ids"]);
        Assert.IsGreaterThan(plain.Distinct().Count(), varied.Distinct().Count());
    }

    [TestMethod]
    public async Task Several_answers_are_those_of_the_seeds_from_the_given_one_on()
    {
        string[] arguments = ["generate", "demo", .. Prompt, "--deterministic", "--temperature", "0.9", "--logprobs", "1"];
        JsonNode json = await Cli.JsonAsync([.. arguments, "--seed", "18446744073709551615", "--n", "3"]);
        CollectionAssert.AreEqual(new[] { "choices" }, Cli.Keys(json));
        JsonArray choices = json["choices"]!.AsArray();
        Assert.HasCount(3, choices);
        string[] seeds = ["18446744073709551615", "0", "1"];
        for (int i = 0; i < 3; i++)
        {
            JsonNode alone = await Cli.JsonAsync([.. arguments, "--seed", seeds[i]]);
            CollectionAssert.AreEqual(Cli.Keys(alone), Cli.Keys(choices[i]));
            foreach (string key in (string[])["token_ids", "text", "finish_reason", "logprobs"])
                Assert.AreEqual(alone[key]!.ToJsonString(), choices[i]![key]!.ToJsonString(), $"answer {i}, {key}");
        }

        Assert.AreNotEqual(choices[0]!["text"]!.GetValue<string>(), choices[1]!["text"]!.GetValue<string>());
    }

    [TestMethod]
    public async Task Several_answers_as_text_stand_below_a_line_each()
    {
        string[] arguments = ["generate", "demo", .. Prompt, "--deterministic", "--temperature", "0.9", "--seed", "5", "--n", "2"];
        JsonArray choices = (await Cli.JsonAsync(arguments))["choices"]!.AsArray();
        Run text = await Cli.RunAsync(arguments);
        Assert.AreEqual(0, text.ExitCode, text.ToString());
        string[] answers = [.. choices.Select(choice => choice!["text"]!.GetValue<string>().TrimEnd('\n'))];
        string expected = $"--- answer 1 of 2, seed 5 ---\n{answers[0]}\n--- answer 2 of 2, seed 6 ---\n{answers[1]}\n";
        Assert.AreEqual(expected, text.Output);
    }

    [TestMethod]
    public async Task One_answer_keeps_its_shape()
    {
        string[] arguments = ["generate", "demo", .. Prompt, "--temperature", "0"];
        Assert.AreEqual((await Cli.RunAsync([.. arguments, "--json"])).Output, (await Cli.RunAsync([.. arguments, "--n", "1", "--json"])).Output);
        Assert.AreEqual((await Cli.RunAsync(arguments)).Output, (await Cli.RunAsync([.. arguments, "--n", "1"])).Output);
    }

    [TestMethod]
    public async Task Prompt_comes_from_a_file_or_standard_input_or_ids_alike()
    {
        string file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "And God said");
            string[] rest = ["--max-tokens", "8", "--temperature", "0", "--json"];
            int[] ids = Cli.Integers((await Cli.JsonAsync("tokenize", "demo", "--prompt", "And God said"))["token_ids"]);
            Run[] runs =
            [
                await Cli.RunAsync(["generate", "demo", "--prompt", "And God said", .. rest]),
                await Cli.RunAsync(["generate", "demo", "--prompt-file", file, .. rest]),
                await Cli.RunWithInputAsync("And God said", ["generate", "demo", "--prompt-file", "-", .. rest]),
                await Cli.RunAsync(["generate", "demo", "--prompt-ids", string.Join(',', ids), .. rest]),
            ];
            foreach (Run run in runs)
                Assert.AreEqual(runs[0].Output, run.Output, run.ToString());
            Assert.AreEqual(ids.Length, Cli.Parse(runs[0])["usage"]!["prompt_tokens"]!.GetValue<int>());
        }
        finally
        {
            File.Delete(file);
        }
    }

    [TestMethod]
    public async Task Stop_text_ends_the_answer_before_it()
    {
        string[] arguments = ["generate", "demo", "--prompt", "And God said", "--max-tokens", "64", "--temperature", "0"];
        string whole = (await Cli.JsonAsync(arguments))["text"]!.GetValue<string>();
        string stop = whole.Substring(whole.Length / 2, 3);
        JsonNode json = await Cli.JsonAsync([.. arguments, "--stop", stop]);
        Assert.AreEqual("stop", json["finish_reason"]!.GetValue<string>());
        Assert.AreEqual(whole[..whole.IndexOf(stop, StringComparison.Ordinal)], json["text"]!.GetValue<string>());
    }

    [TestMethod]
    [DataRow("stories260k-f32")]
    [DataRow("stories260k-bf16")]
    public async Task Golden_ids_of_a_real_model_come_out(string model)
    {
        string directory = RepositoryRoot.InShared($"data/models/{model}");
        JsonNode golden = JsonNode.Parse(await File.ReadAllTextAsync(RepositoryRoot.InShared($"data/golden/{model}.json")))!;
        foreach (JsonNode? item in golden["cases"]!.AsArray())
        {
            string prompt = item!["prompt"]!.GetValue<string>();
            int[] expected = Cli.Integers(item["greedy_ids"]);
            JsonNode json = await Cli.JsonAsync(
                "generate", directory, "--prompt", prompt, "--temperature", "0", "--deterministic", "--kv-dtype", "f32",
                "--ignore-eos", "--max-tokens", $"{expected.Length}");
            CollectionAssert.AreEqual(expected, Cli.Integers(json["token_ids"]), $"{model}, prompt '{prompt}'");
        }
    }

    [TestMethod]
    [DataRow]
    [DataRow("--repetition-penalty", "1.3", "--presence-penalty", "0.5", "--frequency-penalty", "0.25", "--logit-bias", "9:2,10:-3")]
    public async Task Answer_depends_on_no_engine_option(params string[] sampling)
    {
        string[] arguments =
        [
            "generate", "demo", .. Prompt, "--deterministic", "--temperature", "0.7", "--seed", "3", "--ignore-eos", "--logprobs", "2",
            .. sampling,
        ];
        string[][] engines =
        [
            ["--threads", "1"],
            ["--threads", "2", "--planned-threads", "64", "--drafter", "same", "--window", "4"],
            ["--drafter", "same", "--llm42-window-size", "1", "--llm42-verify-batch-size", "1", "--page-size", "8"],
            ["--drafter", "none", "--prefill-chunk", "7", "--isa", "portable", "--no-prefix-cache"],
            ["--enable-deterministic-inference", "2"],
            ["--enable-llm42", "1", "--llm42-skip-mismatch", "50", "--drafter", "same"],
            ["--planned-threads", "64", "--llm42-skip-mismatch", "25", "--drafter", "same"],
        ];
        JsonNode expected = await Cli.JsonAsync(arguments);
        foreach (string[] engine in engines)
        {
            JsonNode json = await Cli.JsonAsync([.. arguments, .. engine]);
            Assert.AreEqual(expected["token_ids"]!.ToJsonString(), json["token_ids"]!.ToJsonString(), string.Join(' ', engine));
            Assert.AreEqual(expected["logprobs"]!.ToJsonString(), json["logprobs"]!.ToJsonString(), string.Join(' ', engine));
        }
    }

    [TestMethod]
    public async Task Forced_mismatches_show_in_the_statistics()
    {
        string[] arguments = ["generate", "demo", .. Prompt, "--ignore-eos", "--deterministic", "--drafter", "same", "--window", "8"];
        JsonNode honest = (await Cli.JsonAsync(arguments))["llm42"]!;
        JsonNode forced = (await Cli.JsonAsync([.. arguments, "--llm42-skip-mismatch", "50"]))["llm42"]!;
        Assert.IsGreaterThan(0, honest["num_verification_windows"]!.GetValue<int>());
        Assert.IsGreaterThan(0, forced["num_rollbacks"]!.GetValue<int>());
        Assert.IsGreaterThan(0, forced["tokens_rolled_back"]!.GetValue<int>());
    }

    [TestMethod]
    public async Task Request_without_determinism_pays_for_no_verification()
    {
        JsonNode json = await Cli.JsonAsync(["generate", "demo", .. Prompt, "--drafter", "same"]);
        Assert.AreEqual(0, json["llm42"]!["num_verification_windows"]!.GetValue<int>());
    }
}

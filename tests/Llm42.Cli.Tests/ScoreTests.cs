using System.Text.Json.Nodes;

namespace Llm42.Cli.Tests;

[TestClass]
public sealed class ScoreTests
{
    [TestMethod]
    public async Task Every_position_has_a_score_and_its_most_likely_tokens()
    {
        JsonNode json = await Cli.JsonAsync("score", "demo", "--prompt", "In the beginning", "--top", "4");
        int[] ids = Cli.Integers((await Cli.JsonAsync("tokenize", "demo", "--prompt", "In the beginning"))["token_ids"]);
        JsonArray positions = json["positions"]!.AsArray();
        Assert.HasCount(ids.Length, positions);
        Assert.IsFalse(positions[0]!.AsObject().ContainsKey("logprob"), "nothing precedes the first token");
        double total = 0;
        for (int i = 0; i < ids.Length; i++)
        {
            Assert.AreEqual(ids[i], positions[i]!["token_id"]!.GetValue<int>());
            float[] next = [.. positions[i]!["next"]!.AsArray().Select(entry => entry!["logprob"]!.GetValue<float>())];
            Assert.HasCount(4, next);
            CollectionAssert.AreEqual(next.OrderDescending().ToArray(), next);
            if (i > 0)
                total += positions[i]!["logprob"]!.GetValue<float>();
        }

        Assert.AreEqual(total, json["total_logprob"]!.GetValue<double>());
    }

    [TestMethod]
    public async Task What_is_likely_to_follow_is_what_greedy_decoding_chooses()
    {
        JsonNode answer = await Cli.JsonAsync(
            "generate", "demo", "--prompt-ids", "0,300,301", "--temperature", "0", "--max-tokens", "1", "--ignore-eos");
        JsonNode scores = await Cli.JsonAsync("score", "demo", "--prompt-ids", "0,300,301", "--top", "1");
        Assert.AreEqual(
            Cli.Integers(answer["token_ids"])[0], scores["positions"]![2]!["next"]![0]!["token_id"]!.GetValue<int>());
    }

    [TestMethod]
    public async Task Score_of_an_answer_is_the_logprob_it_was_generated_with()
    {
        JsonNode answer = await Cli.JsonAsync(
            "generate", "demo", "--prompt-ids", "0,300,301", "--deterministic", "--temperature", "0", "--max-tokens", "12",
            "--ignore-eos", "--logprobs", "0");
        int[] ids = Cli.Integers(answer["token_ids"]);
        JsonNode scores = await Cli.JsonAsync("score", "demo", "--prompt-ids", $"0,300,301,{string.Join(',', ids)}");
        for (int i = 0; i < ids.Length; i++)
        {
            Assert.AreEqual(
                answer["logprobs"]![i]!["logprob"]!.ToJsonString(), scores["positions"]![3 + i]!["logprob"]!.ToJsonString(), $"token {i}");
        }
    }

    [TestMethod]
    public async Task Plain_form_has_a_line_per_position()
    {
        Llm42.Testing.Run run = await Cli.RunAsync("score", "demo", "--prompt-ids", "0,300,301", "--top", "1");
        Assert.AreEqual(0, run.ExitCode, run.ToString());
        string[] lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.HasCount(4, lines, run.ToString());
        StringAssert.Contains(lines[0], "logprob", StringComparison.Ordinal);
        StringAssert.Contains(lines[2], "300", StringComparison.Ordinal);
    }
}

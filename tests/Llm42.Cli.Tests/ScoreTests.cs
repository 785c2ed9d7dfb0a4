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
        CollectionAssert.AreEqual(ids, Cli.Integers(json["token_ids"]));
        JsonArray positions = json["positions"]!.AsArray();
        Assert.HasCount(ids.Length + 1, positions);
        Assert.IsFalse(positions[0]!.AsObject().ContainsKey("logprob"), "nothing precedes the first token");
        for (int i = 1; i < ids.Length; i++)
        {
            Assert.AreEqual(ids[i], positions[i]!["token_id"]!.GetValue<int>());
            Assert.IsLessThanOrEqualTo(0f, positions[i]!["logprob"]!.GetValue<float>());
        }

        Assert.IsFalse(positions[ids.Length]!.AsObject().ContainsKey("token_id"), "what follows is not given");
        for (int i = 1; i <= ids.Length; i++)
        {
            float[] top = [.. positions[i]!["top"]!.AsArray().Select(entry => entry!["logprob"]!.GetValue<float>())];
            Assert.HasCount(4, top);
            CollectionAssert.AreEqual(top.OrderDescending().ToArray(), top);
        }
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
        Assert.HasCount(5, lines, run.ToString());
        StringAssert.Contains(lines[0], "logprob", StringComparison.Ordinal);
        StringAssert.Contains(lines[2], "300", StringComparison.Ordinal);
        StringAssert.Contains(lines[4], "next", StringComparison.Ordinal);
    }
}

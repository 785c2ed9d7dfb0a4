using System.Text.Json.Nodes;
using Llm42.Receipts;

namespace Llm42.Tests.Receipts;

/// <summary>Receipts run again: on other engines, after changes, and where they must be refused.</summary>
[TestClass]
public sealed class ReplayTests
{
    private static InferenceEngine _engine = null!;
    private static Receipt _receipt = null!;

    [ClassInitialize]
    public static async Task Load(TestContext context)
    {
        _engine = await Demo.LoadAsync(Demo.Other);
        await using InferenceEngine plain = await Demo.LoadAsync(Demo.Plain);
        _receipt = await Demo.AnswerAsync(plain);
    }

    [ClassCleanup]
    public static async Task Dispose() => await _engine.DisposeAsync();

    [TestMethod]
    public async Task Another_policy_gives_the_identical_answer()
    {
        Assert.IsFalse(_engine.Engine.FastIsInvariant);
        GenerationResult fast = await _engine.CompleteAsync(Demo.Prompt, Demo.Options with { IsDeterministic = false });
        CollectionAssert.AreNotEqual(
            _receipt.Output.LogprobBits.ToArray(), fast.Tokens.Select(t => ReceiptBuilder.Bits(t.Logprob)).ToArray(),
            "fast numerics give the same bits here: the replay would show nothing");
        ReplayResult result = await _engine.ReplayAsync(_receipt);
        Assert.IsTrue(result.IsIdentical, $"{result.Difference}");
        Assert.AreEqual(24, result.Tokens);
        Assert.IsEmpty(result.Notes);
    }

    [TestMethod]
    public async Task Stops_and_limits_end_a_replay_where_the_answer_ended()
    {
        string text = (await _engine.CompleteAsync(Demo.Prompt, Demo.Options)).Text;
        foreach (GenerationOptions options in (GenerationOptions[])
            [
                Demo.Options with { Stop = [text.Substring(text.Length / 2, 3)] },
                Demo.Options with { IgnoreEos = false, MaxTokens = int.MaxValue },
                Demo.Options with { MaxTokens = 1 },
                Demo.Options with { MaxTokens = 0 },
            ])
        {
            Receipt receipt = Receipt.Parse((await Demo.AnswerAsync(_engine, options)).ToJson());
            ReplayResult result = await _engine.ReplayAsync(receipt);
            Assert.IsTrue(result.IsIdentical, $"{options}: {result.Difference}");
            Assert.AreEqual(receipt.Output.TokenIds.Count, result.Tokens);
        }
    }

    [TestMethod]
    [DataRow("token_ids", 0)]
    [DataRow("token_ids", 23)]
    [DataRow("logprob_bits", 0)]
    [DataRow("logprob_bits", 11)]
    [DataRow("chain", 7)]
    public async Task An_edited_output_is_inconsistent_at_its_token_and_with_new_digests_different_there(string member, int index)
    {
        JsonObject json = Json();
        JsonArray list = json["output"]![member]!.AsArray();
        list[index] = member switch
        {
            "token_ids" => list[index]!.GetValue<int>() ^ 1,
            _ => Flip(list[index]!.GetValue<string>()),
        };
        ReceiptFormatException error = Assert.ThrowsExactly<ReceiptFormatException>(() => Parse(json));
        Assert.Contains($"The receipt itself is inconsistent at token {index}:", error.Message);

        ReplayResult result = await _engine.ReplayAsync(Parse(IndependentChain.Seal(json)));
        if (member == "chain")
        {
            Assert.IsTrue(result.IsIdentical);
            return;
        }

        Assert.AreEqual(index, result.Difference!.Index);
        Assert.AreEqual(index, result.Tokens);
        Assert.AreEqual(_receipt.Output.TokenIds[index], result.Difference.Actual!.TokenId);
        Assert.AreEqual(_receipt.Output.LogprobBits[index], result.Difference.Actual.LogprobBits);
    }

    [TestMethod]
    [DataRow("prompt_token_ids")]
    [DataRow("sampling")]
    public async Task An_edited_request_is_inconsistent_and_with_new_digests_answered_otherwise(string member)
    {
        JsonObject json = Json();
        JsonObject request = json["request"]!.AsObject();
        if (member == "sampling")
            request[member]!["seed"] = 1;
        else
            request[member]![2] = 405;
        ReceiptFormatException error = Assert.ThrowsExactly<ReceiptFormatException>(() => Parse(json));
        Assert.Contains("inconsistent: what it says of engine, model and request", error.Message);
        Assert.IsFalse((await _engine.ReplayAsync(Parse(IndependentChain.Seal(json)))).IsIdentical);
    }

    [TestMethod]
    public async Task Tokens_cut_off_or_added_are_found_at_the_end()
    {
        JsonObject shorter = Json();
        foreach (string member in (string[])["token_ids", "logprob_bits", "chain"])
            shorter["output"]![member]!.AsArray().RemoveAt(20);
        shorter["output"]!["token_ids"]!.AsArray().RemoveAt(20);
        Assert.Contains("22 token_ids, 23 logprob_bits", Assert.ThrowsExactly<ReceiptFormatException>(() => Parse(shorter)).Message);

        JsonObject cut = Json();
        foreach (string member in (string[])["token_ids", "logprob_bits", "chain"])
            cut["output"]![member]!.AsArray().RemoveAt(23);
        Assert.Contains("its chain ends with", Assert.ThrowsExactly<ReceiptFormatException>(() => Parse(cut)).Message);
        ReplayDifference difference = (await _engine.ReplayAsync(Parse(IndependentChain.Seal(cut)))).Difference!;
        Assert.AreEqual((23, null), (difference.Index, difference.Expected));

        // A receipt that claims more than was answered: here the answer ends at its limit.
        JsonObject longer = Json();
        longer["request"]!["max_tokens"] = 30;
        longer["request"]!["stop_token_ids"] = new JsonArray(_receipt.Output.TokenIds[23]);
        longer["output"]!["token_ids"]!.AsArray().Add(5);
        longer["output"]!["logprob_bits"]!.AsArray().Add("bf800000");
        ReplayResult result = await _engine.ReplayAsync(Parse(IndependentChain.Seal(longer)));
        Assert.IsNull(result.Difference!.Actual);
    }

    [TestMethod]
    public async Task Another_version_with_the_same_profile_is_a_note()
    {
        JsonObject json = Json();
        json["engine"]!["version"] = "0.0.9";
        json["engine"]!["fingerprint"] = new string('0', 64);
        ReplayResult result = await _engine.ReplayAsync(Parse(IndependentChain.Seal(json)));
        Assert.IsTrue(result.IsIdentical);
        Assert.HasCount(2, result.Notes);
        Assert.Contains("version 0.0.9", result.Notes[0]);
        Assert.Contains("000000000000...", result.Notes[1]);
    }

    [TestMethod]
    public async Task Another_model_or_profile_is_refused_with_both_values()
    {
        foreach (string file in (string[])["model.safetensors", "config.json", "tokenizer.json"])
        {
            using var directory = new TemporaryDirectory().CopyOf(Demo.Directory);
            byte[] content = File.ReadAllBytes(Path.Combine(directory.Path, file));
            if (file == "model.safetensors")
                content[^1] ^= 1;
            else
                content = [.. content, (byte)'\n'];
            directory.Write(file, content);
            await using InferenceEngine engine = await InferenceEngine.LoadAsync(directory.Path, Demo.Plain);
            (string what, string expected, string found) = file switch
            {
                "model.safetensors" => ("weights", _receipt.Model.WeightsDigest, engine.Engine.WeightsDigest),
                "config.json" => ("config", _receipt.Model.ConfigDigest, engine.Engine.ConfigDigest),
                _ => ("tokenizer", _receipt.Model.TokenizerDigest!, engine.Engine.TokenizerDigest!),
            };
            Assert.AreNotEqual(expected, found, file);
            await RefusedAsync(engine, $"another {what} digest: {expected[..12]}... there, {found[..12]}... here");
        }

        await using InferenceEngine other = await Demo.LoadAsync(Demo.Plain with { KvDtype = "f32" });
        await RefusedAsync(other, "another numerics profile: cpu-fma-1+kv-bf16 there, cpu-fma-1+kv-f32 here");
        await using InferenceEngine small = await Demo.LoadAsync(Demo.Plain with { MaxContext = 29 });
        await RefusedAsync(small, "takes 30 positions; this engine's context holds 29");
    }

    [TestMethod]
    public async Task A_hostile_request_is_refused_by_name_and_value()
    {
        (string Member, JsonNode Value, string Message)[] cases =
        [
            ("prompt_token_ids", new JsonArray(1, 99999), "Prompt token 1 is 99999"),
            ("prompt_token_ids", new JsonArray(), "no tokens"),
            ("sampling.temperature", -1, "temperature is -1"),
            ("sampling.temperature", 1e30, "temperature is 1E+30"),
            ("sampling.top_k", -5, "top_k is -5"),
        ];
        foreach ((string member, JsonNode value, string message) in cases)
        {
            JsonObject json = Json();
            JsonNode parent = json["request"]!;
            string[] path = member.Split('.');
            for (int i = 0; i + 1 < path.Length; i++)
                parent = parent[path[i]]!;
            parent[path[^1]] = value;
            ArgumentException error = await Assert.ThrowsAsync<ArgumentException>(
                () => _engine.ReplayAsync(Parse(IndependentChain.Seal(json))), member);
            Assert.Contains(message, error.Message);
        }

        Assert.IsTrue((await _engine.ReplayAsync(_receipt)).IsIdentical);
    }

    [TestMethod]
    public async Task A_receipt_that_a_program_put_together_is_checked_too()
    {
        Receipt changed = _receipt with { Engine = _receipt.Engine with { Version = "9" } };
        await Assert.ThrowsExactlyAsync<ReceiptFormatException>(() => _engine.ReplayAsync(changed));
    }

    [TestMethod]
    public async Task A_cancelled_replay_says_so() =>
        await Assert.ThrowsAsync<OperationCanceledException>(() => _engine.ReplayAsync(_receipt, new CancellationToken(canceled: true)));

    private static async Task RefusedAsync(InferenceEngine engine, string message)
    {
        ReceiptRefusedException error = await Assert.ThrowsExactlyAsync<ReceiptRefusedException>(() => engine.ReplayAsync(_receipt));
        Assert.Contains(message, error.Message);
    }

    private static JsonObject Json() => JsonNode.Parse(_receipt.ToJson())!.AsObject();

    private static Receipt Parse(JsonObject json) => Receipt.Parse(System.Text.Encoding.UTF8.GetBytes(json.ToJsonString()));

    private static string Flip(string digits) => $"{Convert.ToUInt32(digits, 16) ^ 1:x8}";
}

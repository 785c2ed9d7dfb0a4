using System.Text;
using System.Text.Json.Nodes;
using Llm42.Core.Requests;
using Llm42.Receipts;

namespace Llm42.Tests.Receipts;

/// <summary>Whatever a receipt holds, reading it ends with a receipt or with an error that says what is wrong.</summary>
[TestClass]
public sealed class MalformedReceiptTests
{
    private static readonly byte[] Whole = ReceiptBuilder.Create(
        Description(),
        "demo",
        new ReceiptRequest([1, 2, 3], 4, [0, 7], ["stop"], new ReceiptSampling(0.7f, 1, 0, 0, 1, 0, 0, new Dictionary<int, float> { [5] = 1.5f }, 3)),
        [new TokenEvent(0, 5, -1.5f, null), new TokenEvent(1, 6, -0.25f, null)]).ToJson();

    [TestMethod]
    [DataRow("", "This is not a receipt")]
    [DataRow("[]", "not a JSON object")]
    [DataRow("null", "not a JSON object")]
    [DataRow("{}", "its format is not given")]
    [DataRow("{\"format\":\"llm42-receipt\"}", "has version none; versions 1..2 are read here")]
    [DataRow("{\"format\":\"llm42-receipt\",\"version\":3,\"what\":{\"ever\":[]}}", "has version 3; versions 1..2 are read here")]
    [DataRow("{\"version\":1,\"format\":\"\\u001b[2J\"}", "its format is \" [2J\"")]
    [DataRow("{\"format\":\"\\ud800\"}", "This is not a receipt")]
    [DataRow("{\"format\":\"llm42-receipt\",\"version\":1}", "This is not a receipt")]
    [DataRow("\u007fELF", "This is not a receipt")]
    public void What_is_none_is_called_that(string text, string message) => Refused(Encoding.UTF8.GetBytes(text), message);

    [TestMethod]
    [DataRow("output.logprob_bits.0", "\"BF800000\"", "logprob_bits[0] is \"BF800000\"; it must be 8 lower-case")]
    [DataRow("output.logprob_bits.0", "null", "logprob_bits[0] is \"null\"")]
    [DataRow("output.chain.1", "null", "inconsistent at token 1")]
    [DataRow("output.digest", "\"\"", "output.digest is \"\"; it must be 64")]
    [DataRow("output.token_ids", "null", "This is not a receipt")]
    [DataRow("output.token_ids.0", "99999999999", "This is not a receipt")]
    [DataRow("output.token_ids.0", "1.5", "This is not a receipt")]
    [DataRow("request.sampling.seed", "-1", "This is not a receipt")]
    [DataRow("request.sampling.seed", "18446744073709551616", "This is not a receipt")]
    [DataRow("request.sampling.temperature", "1e999", "This is not a receipt")]
    [DataRow("request.sampling.temperature", "\"NaN\"", "This is not a receipt")]
    [DataRow("request.sampling.surprise", "1", "surprise")]
    [DataRow("request.stop_token_ids", "[7,0]", "stop_token_ids do not ascend")]
    [DataRow("request.stop_strings", "[\"\"]", "stop_strings is empty")]
    [DataRow("request.stop_strings", "[null]", "stop_strings is empty")]
    [DataRow("request.max_tokens", "1", "2 tokens, but max_tokens is 1")]
    [DataRow("model.name", "null", "This is not a receipt")]
    [DataRow("model.tokenizer_digest", "null", "inconsistent: what it says")]
    [DataRow("model", "[]", "This is not a receipt")]
    public void A_wrong_value_is_named(string place, string value, string message)
    {
        JsonNode json = JsonNode.Parse(Whole)!;
        JsonNode parent = json;
        string[] path = place.Split('.');
        foreach (string name in path[..^1])
            parent = parent[name]!;
        if (parent is JsonArray array)
            array[int.Parse(path[^1], System.Globalization.CultureInfo.InvariantCulture)] = JsonNode.Parse(value);
        else
            parent[path[^1]] = JsonNode.Parse(value);
        Refused(Encoding.UTF8.GetBytes(json.ToJsonString()), message);
    }

    [TestMethod]
    public void A_member_given_twice_or_left_out_is_refused()
    {
        string text = Encoding.UTF8.GetString(Whole);
        Refused(Encoding.UTF8.GetBytes(text.Replace("\"max_tokens\":4", "\"max_tokens\":4,\"max_tokens\":5", StringComparison.Ordinal)), "max_tokens");
        Refused(Encoding.UTF8.GetBytes(text.Replace("\"max_tokens\":4,", "", StringComparison.Ordinal)), "max_tokens");
        Refused(Encoding.UTF8.GetBytes(text.Replace("\"top_p\":1,", "", StringComparison.Ordinal)), "top_p");
    }

    [TestMethod]
    public void An_enormous_one_is_refused_and_so_is_a_deep_one()
    {
        Refused(new byte[Receipt.MaxSize + 1], $"more than {Receipt.MaxSize} bytes");
        Refused(Encoding.UTF8.GetBytes("{\"format\":" + new string('[', 1 << 20)), "This is not a receipt");
        string message = Refused(
            Encoding.UTF8.GetBytes("{\"format\":\"llm42-receipt\",\"version\":1,\"" + new string('x', 1 << 20) + "\":1}"), "This is not a receipt").Message;
        Assert.IsLessThan(400, message.Length);
    }

    [TestMethod]
    public void A_device_without_an_end_is_refused()
    {
        if (!File.Exists("/dev/zero"))
            Assert.Inconclusive("there is no /dev/zero here");
        Assert.Contains("bytes", Assert.ThrowsExactly<ReceiptFormatException>(() => Receipt.Load("/dev/zero")).Message);
    }

    [TestMethod]
    public void It_is_refused_at_every_shorter_length()
    {
        Receipt.Parse(Whole);
        for (int length = 0; length < Whole.Length; length++)
            Refused(Whole[..length], "This is not a receipt");
    }

    [TestMethod]
    public void Any_changed_byte_is_found()
    {
        int seed = Environment.TickCount;
        var random = new Random(seed);
        for (int round = 0; round < 3000; round++)
        {
            byte[] changed = [.. Whole];
            int place = random.Next(changed.Length);
            byte value = random.Next(3) == 0 ? (byte)random.Next(256) : (byte)"0123456789abcdef,:[]{}\"-.E"[random.Next(26)];
            changed[place] = value;
            if (value == Whole[place])
                continue;
            try
            {
                Receipt.Parse(changed);
                Assert.Fail($"seed {seed}, round {round}: byte {place} became {value} and nobody noticed");
            }
            catch (ReceiptFormatException)
            {
            }
            catch (Exception error) when (error is not AssertFailedException)
            {
                Assert.Fail($"seed {seed}, round {round}: {error}");
            }
        }
    }

    private static ReceiptFormatException Refused(byte[] json, string message)
    {
        ReceiptFormatException error = Assert.ThrowsExactly<ReceiptFormatException>(() => Receipt.Parse(json));
        Assert.Contains(message, error.Message);
        Assert.DoesNotContain("\u001b", error.Message);
        return error;
    }

    private static EngineDescription Description() => new(
        "a device", "cpu", 1, 1, Native.CpuIsa.Portable, "cpu-fma-1+kv-bf16", true, 16, 1, 1, 1, 1,
        Core.Engine.DeterminismMode.Invariant, Core.Engine.DrafterKind.None,
        new string('1', 64), new string('2', 64), new string('3', 64), new string('4', 64));
}

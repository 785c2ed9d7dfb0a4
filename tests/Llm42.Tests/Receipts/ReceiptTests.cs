using System.Text;
using System.Text.Json.Nodes;
using Llm42.Core.Engine;
using Llm42.Core.Requests;
using Llm42.Receipts;

namespace Llm42.Tests.Receipts;

/// <summary>What a receipt holds, how it is made, and what is refused one.</summary>
[TestClass]
public sealed class ReceiptTests
{
    private static InferenceEngine _engine = null!;

    [ClassInitialize]
    public static async Task Load(TestContext context) => _engine = await Demo.LoadAsync(Demo.Plain);

    [ClassCleanup]
    public static async Task Dispose() => await _engine.DisposeAsync();

    [TestMethod]
    public async Task It_names_model_engine_request_and_answer()
    {
        GenerationResult answer = await _engine.CompleteAsync(Demo.Prompt, Demo.Options);
        Receipt receipt = _engine.CreateReceipt(Demo.Prompt, Demo.Options, answer, "demo");
        JsonObject json = JsonNode.Parse(receipt.ToJson())!.AsObject();
        Assert.AreEqual("format,version,engine,model,request,output", Keys(json));
        Assert.AreEqual("version,numerics_profile,fingerprint", Keys(json["engine"]!));
        Assert.AreEqual("name,weights_digest,tokenizer_digest,config_digest", Keys(json["model"]!));
        Assert.AreEqual("prompt_token_ids,max_tokens,stop_token_ids,stop_strings,sampling", Keys(json["request"]!));
        Assert.AreEqual("inputs_digest,token_ids,logprob_bits,chain,digest", Keys(json["output"]!));
        Assert.AreEqual("""{"temperature":0.7,"top_p":0.95,"top_k":50,"min_p":0.01,"repetition_penalty":1.25,"presence_penalty":0.5,"frequency_penalty":-0.25,"logit_bias":{"5":-100,"77":1.5},"seed":18446744073709551615}""", json["request"]!["sampling"]!.ToJsonString());
        Assert.AreEqual(_engine.Engine.NumericsProfile, receipt.Engine.NumericsProfile);
        Assert.AreEqual(_engine.Engine.Fingerprint, receipt.Engine.Fingerprint);
        Assert.AreEqual("demo", receipt.Model.Name);
        CollectionAssert.AreEqual(Demo.Prompt, receipt.Request.PromptTokenIds.ToArray());
        CollectionAssert.AreEqual(answer.TokenIds.ToArray(), receipt.Output.TokenIds.ToArray());
        CollectionAssert.AreEqual(
            answer.Tokens.Select(t => $"{BitConverter.SingleToInt32Bits(t.Logprob):x8}").ToArray(), receipt.Output.LogprobBits.ToArray());

        foreach ((string file, string? digest) in (ReadOnlySpan<(string, string?)>)
            [("tokenizer.json", receipt.Model.TokenizerDigest), ("config.json", receipt.Model.ConfigDigest)])
        {
            byte[] content = File.ReadAllBytes(Path.Combine(Demo.Directory, file));
            Assert.AreEqual(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content)), digest, file);
        }
    }

    [TestMethod]
    public async Task Its_digests_follow_from_its_json_alone()
    {
        (GenerationOptions Options, string Context)[] cases =
        [
            (Demo.Options, "sampled"),
            (Demo.Options with { Temperature = 0, TopP = 1e-5f, Stop = ["\u00e9\ud83d\ude00", "\"\\\n"], IgnoreEos = false }, "hard to write"),
        ];
        foreach ((GenerationOptions options, string context) in cases)
        {
            Receipt receipt = await Demo.AnswerAsync(_engine, options);
            string json = Encoding.UTF8.GetString(receipt.ToJson());
            JsonObject sealedAgain = IndependentChain.Seal(JsonNode.Parse(json)!.AsObject());
            Assert.IsTrue(JsonNode.DeepEquals(JsonNode.Parse(json), sealedAgain), $"{context}: {json}");
            Assert.AreEqual(json, Encoding.UTF8.GetString(Receipt.Parse(receipt.ToJson()).ToJson()), context);
        }
    }

    [TestMethod]
    public async Task Defaults_are_filled_in()
    {
        GenerationOptions options = new() { IsDeterministic = true, MaxTokens = int.MaxValue, Temperature = 0, Stop = ["e"] };
        Receipt receipt = await Demo.AnswerAsync(_engine, options);
        Assert.AreEqual(_engine.Model.MaxContext - Demo.Prompt.Length, receipt.Request.MaxTokens);
        CollectionAssert.AreEqual(new[] { 1 }, receipt.Request.StopTokenIds.ToArray());
        CollectionAssert.AreEqual(new[] { "e" }, receipt.Request.StopStrings.ToArray());
        Assert.AreEqual(SamplingParameters.Greedy, receipt.Request.Sampling.ToParameters());
        Receipt ignoring = await Demo.AnswerAsync(_engine, options with { IgnoreEos = true, MaxTokens = 3 });
        Assert.IsEmpty(ignoring.Request.StopTokenIds);
    }

    [TestMethod]
    public async Task What_need_not_come_again_gets_none()
    {
        GenerationResult answer = await _engine.CompleteAsync(Demo.Prompt, Demo.Options);
        Refused(() => _engine.CreateReceipt(Demo.Prompt, Demo.Options with { IsDeterministic = false }, answer), "IsDeterministic");
        Refused(() => _engine.CreateReceipt(Demo.Prompt, Demo.Options, answer with { FinishReason = FinishReason.Cancelled }), "cancelled");
        Refused(() => _engine.CreateReceipt(Demo.Prompt, Demo.Options with { Stop = ["\ud800"] }, answer), "not valid Unicode");
        Assert.ThrowsExactly<ArgumentException>(() => _engine.CreateReceipt([1], Demo.Options, answer));
        Assert.ThrowsExactly<ArgumentException>(() => _engine.CreateReceipt(Demo.Prompt, Demo.Options with { MaxTokens = 5 }, answer));

        Receipt receipt = _engine.CreateReceipt(Demo.Prompt, Demo.Options, answer);
        (EngineOptions Options, string Word)[] engines =
        [
            (new EngineOptions { Verifier = VerifierKind.FixedShape, Window = 16 }, "fixed-shape"),
            (new EngineOptions { Drafter = DrafterKind.Same, SkipMismatch = 0 }, "SkipMismatch"),
        ];
        foreach ((EngineOptions options, string word) in engines)
        {
            await using InferenceEngine engine = await Demo.LoadAsync(new InferenceEngineOptions { Threads = 1, KvPages = 256, Engine = options });
            Refused(() => engine.CreateReceipt(Demo.Prompt, Demo.Options, answer), word);
            ReceiptRefusedException error = await Assert.ThrowsExactlyAsync<ReceiptRefusedException>(() => engine.ReplayAsync(receipt));
            Assert.Contains(word, error.Message);
        }
    }

    [TestMethod]
    public void It_knows_every_property_of_the_sampling_parameters()
    {
        string[] parameters = Names(typeof(SamplingParameters));
        CollectionAssert.AreEquivalent(
            parameters, Names(typeof(ReceiptSampling)),
            "SamplingParameters and ReceiptSampling differ: a receipt must hold all that an answer depends on.");
        foreach (string name in parameters)
        {
            var property = typeof(SamplingParameters).GetProperty(name)!;
            var changed = new SamplingParameters();
            object value = property.PropertyType switch
            {
                Type type when type == typeof(float) => (object)0.125f,
                Type type when type == typeof(int) => 7,
                Type type when type == typeof(ulong) => ulong.MaxValue - 1,
                Type type when type == typeof(IReadOnlyDictionary<int, float>) => new Dictionary<int, float> { [3] = -1.25f },
                Type type => throw new AssertFailedException($"{name} is a {type}: say here what another value than its default is."),
            };
            property.SetValue(changed, value);
            Assert.AreEqual(changed, ReceiptSampling.Of(changed).ToParameters(), $"{name} is lost on the way.");
            Assert.AreNotEqual(new SamplingParameters(), changed, name);
        }
    }

    [TestMethod]
    public void It_knows_every_property_of_a_request()
    {
        Dictionary<string, string> places = new()
        {
            [nameof(GenerationRequest.PromptIds)] = nameof(ReceiptRequest.PromptTokenIds),
            [nameof(GenerationRequest.MaxTokens)] = nameof(ReceiptRequest.MaxTokens),
            [nameof(GenerationRequest.StopTokenIds)] = nameof(ReceiptRequest.StopTokenIds),
            [nameof(GenerationRequest.TextStop)] = nameof(ReceiptRequest.StopStrings),
            [nameof(GenerationRequest.Sampling)] = nameof(ReceiptRequest.Sampling),
            [nameof(GenerationRequest.Constraint)] = nameof(ReceiptRequest.OutputFormat),
        };
        string[] withoutPlace =
        [
            nameof(GenerationRequest.IsDeterministic), // a condition of every receipt
            nameof(GenerationRequest.TopLogprobs), // reports more and changes nothing
            nameof(GenerationRequest.ScorePrompt), // reports more and changes nothing
            nameof(GenerationRequest.CaptureLayers), // reports more and changes nothing
        ];
        CollectionAssert.AreEquivalent(
            Names(typeof(GenerationRequest)), places.Keys.Concat(withoutPlace).ToArray(),
            "GenerationRequest has a property that receipts do not know: an answer may depend on it.");
        CollectionAssert.AreEquivalent(Names(typeof(ReceiptRequest)), places.Values.ToArray());
    }

    private static string[] Names(Type type) =>
        [.. type.GetProperties().Where(p => p.CanWrite && !p.GetMethod!.IsStatic).Select(p => p.Name)];

    private static string Keys(JsonNode node) => string.Join(',', node.AsObject().Select(member => member.Key));

    private static void Refused(Action action, string word) =>
        Assert.Contains(word, Assert.ThrowsExactly<ReceiptRefusedException>(action).Message);
}

using System.Text.Json;
using Llm42.Core.Requests;
using Llm42.Extensions.AI;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.Tests.Chat;

[TestClass]
public sealed class ChatOptionsTests
{
    private static readonly AIFunction Weather = AIFunctionFactory.Create((string city) => "sun", "get_weather");

    public static IEnumerable<object[]> Refused =>
    [
        ["ConversationId", new ChatOptions { ConversationId = "1" }],
        ["ModelId is \"other\"", new ChatOptions { ModelId = "other" }],
        ["Reasoning", new ChatOptions { Reasoning = new() { Effort = ReasoningEffort.High } }],
        ["ToolMode requires a call, but Tools is empty", new ChatOptions { ToolMode = ChatToolMode.RequireAny }],
        ["\"get_time\", which is not among the Tools", new ChatOptions { Tools = [Weather], ToolMode = ChatToolMode.RequireSpecific("get_time") }],
        ["HostedWebSearchTool", new ChatOptions { Tools = [new HostedWebSearchTool()] }],
        ["AdditionalProperties[\"top_a\"]", new ChatOptions { AdditionalProperties = new() { ["top_a"] = 1 } }],
        ["N = 2", new ChatOptions { RawRepresentationFactory = _ => new GenerationOptions { N = 2 } }],
        ["System.String", new ChatOptions { RawRepresentationFactory = _ => "raw" }],
        ["AdditionalProperties[\"is_deterministic\"] holds yes", new ChatOptions { AdditionalProperties = new() { ["is_deterministic"] = "yes" } }],
        ["AdditionalProperties[\"min_p\"] holds True", new ChatOptions { AdditionalProperties = new() { ["min_p"] = JsonSerializer.SerializeToElement(true) } }],
        ["temperature is -1", new ChatOptions { Temperature = -1 }],
        ["max_tokens is -1", new ChatOptions { MaxOutputTokens = -1 }],
    ];

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Every_option_reaches_the_engine()
    {
        GenerationRequest request = await AskAsync(new ChatOptions
        {
            ModelId = "scripted",
            Temperature = 0.5f,
            TopP = 0.75f,
            TopK = 9,
            PresencePenalty = 0.25f,
            FrequencyPenalty = -0.5f,
            MaxOutputTokens = 12,
            Seed = -1,
            StopSequences = ["zz"],
            AdditionalProperties = new()
            {
                [Llm42ChatProperties.IsDeterministic] = true,
                [Llm42ChatProperties.MinP] = 0.125,
                [Llm42ChatProperties.RepetitionPenalty] = 1.5f,
                [Llm42ChatProperties.LogitBias] = new Dictionary<int, float> { [3] = -100 },
                [Llm42ChatProperties.IgnoreEos] = true,
            },
        });
        var expected = new SamplingParameters
        {
            Temperature = 0.5f,
            TopP = 0.75f,
            TopK = 9,
            MinP = 0.125f,
            RepetitionPenalty = 1.5f,
            PresencePenalty = 0.25f,
            FrequencyPenalty = -0.5f,
            LogitBias = new Dictionary<int, float> { [3] = -100 },
            Seed = ulong.MaxValue,
        };
        Assert.AreEqual(expected, request.Sampling);
        Assert.AreEqual(12, request.MaxTokens);
        Assert.IsTrue(request.IsDeterministic);
        Assert.IsNotNull(request.TextStop);
        Assert.IsEmpty(request.StopTokenIds);
    }

    [TestMethod]
    public async Task Values_may_come_as_json()
    {
        GenerationRequest request = await AskAsync(new ChatOptions
        {
            AdditionalProperties = new()
            {
                ["is_deterministic"] = Json("true"),
                ["min_p"] = Json("0.5"),
                ["repetition_penalty"] = Json("null"),
                ["logit_bias"] = Json("{\"5\": 2.5}"),
                ["ignore_eos"] = Json("false"),
            },
        });
        Assert.IsTrue(request.IsDeterministic);
        Assert.AreEqual(0.5f, request.Sampling.MinP);
        Assert.AreEqual(1f, request.Sampling.RepetitionPenalty);
        Assert.AreEqual(2.5f, request.Sampling.LogitBias[5]);
        Assert.HasCount(1, request.StopTokenIds);

        static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
    }

    [TestMethod]
    public async Task Options_of_a_generation_may_be_the_beginning()
    {
        GenerationRequest request = await AskAsync(new ChatOptions
        {
            TopK = 3,
            RawRepresentationFactory = _ => new GenerationOptions { TopK = 5, TopP = 0.5f, Seed = 11, IsDeterministic = true, MaxTokens = 4 },
        });
        Assert.AreEqual(3, request.Sampling.TopK);
        Assert.AreEqual(0.5f, request.Sampling.TopP);
        Assert.AreEqual(11UL, request.Sampling.Seed);
        Assert.AreEqual(4, request.MaxTokens);
        Assert.IsTrue(request.IsDeterministic);
    }

    [TestMethod]
    public async Task Without_a_seed_one_is_drawn_unless_the_answer_is_deterministic()
    {
        ulong first = (await AskAsync(new ChatOptions())).Sampling.Seed;
        ulong second = (await AskAsync(new ChatOptions())).Sampling.Seed;
        Assert.AreNotEqual(first, second);
        Assert.AreEqual(0UL, (await AskAsync(new ChatOptions { AdditionalProperties = new() { ["is_deterministic"] = true } })).Sampling.Seed);
    }

    [TestMethod]
    [DynamicData(nameof(Refused))]
    public async Task What_cannot_be_honoured_is_refused_by_name(string name, ChatOptions options)
    {
        await using InferenceEngine engine = ScriptedEngine.Create("ok", out ScriptedEngine script);
        Exception? error = null;
        try
        {
            await engine.AsIChatClient().GetResponseAsync("x", options, TestContext.CancellationToken);
        }
        catch (Exception thrown) when (thrown is NotSupportedException or ArgumentException)
        {
            error = thrown;
        }

        Assert.IsNotNull(error, "it was not refused");
        StringAssert.Contains(error.Message, name, StringComparison.Ordinal);
        Assert.IsNull(script.Request, "the engine was asked all the same");
    }

    [TestMethod]
    public async Task Tools_are_refused_where_the_template_knows_no_calls()
    {
        await using InferenceEngine engine = ScriptedEngine.Create("ok", out _, "{{ messages[0].content }}{{ tools }}");
        NotSupportedException error = await Assert.ThrowsExactlyAsync<NotSupportedException>(
            () => engine.AsIChatClient().GetResponseAsync("x", new ChatOptions { Tools = [Weather] }, TestContext.CancellationToken));
        StringAssert.Contains(error.Message, "Tools are given", StringComparison.Ordinal);
    }

    private async Task<GenerationRequest> AskAsync(ChatOptions options)
    {
        await using InferenceEngine engine = ScriptedEngine.Create("ok", out ScriptedEngine script);
        await engine.AsIChatClient().GetResponseAsync("x", options, TestContext.CancellationToken);
        return script.Request!;
    }
}

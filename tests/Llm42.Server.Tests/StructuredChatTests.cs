using System.ClientModel;
using System.Text;
using System.Text.Json;
using OpenAI.Chat;

namespace Llm42.Server.Tests;

/// <summary>Answers of the embedded model that have to be calls, or JSON; by OpenAI's client.</summary>
[TestClass]
public sealed class StructuredChatTests
{
    private const string City = """
        {"type": "object", "properties": {"city": {"enum": ["Bern", "Zürich"]}, "days": {"type": "integer", "minimum": 1, "maximum": 9}},
         "required": ["city", "days"], "additionalProperties": false}
        """;

    private static readonly ChatMessage[] Messages = [new UserChatMessage("Rain?")];

    private static TestServer _server = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) => _server = await TestServer.StartAsync(chatTemplate: ScriptedServer.Hermes);

    [ClassCleanup]
    public static async Task StopAsync() => await _server.DisposeAsync();

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task A_required_call_is_one_of_the_tools_with_arguments_of_its_schema(bool strict)
    {
        var options = new ChatCompletionOptions { ToolChoice = ChatToolChoice.CreateRequiredChoice(), AllowParallelToolCalls = false, Temperature = 1, MaxOutputTokenCount = 200 };
        options.Tools.Add(ChatTool.CreateFunctionTool("weather", functionParameters: BinaryData.FromString(City), functionSchemaIsStrict: strict));
        ChatCompletion answer = await OpenAiClient.Chat(_server.Address, isDeterministic: true).CompleteChatAsync(Messages, options);
        AssertWeather(answer);
        ChatCompletion again = await OpenAiClient.Chat(_server.Address, isDeterministic: true).CompleteChatAsync(Messages, options);
        Assert.AreEqual(answer.ToolCalls[0].Id, again.ToolCalls[0].Id);
        Assert.AreEqual(answer.ToolCalls[0].FunctionArguments.ToString(), again.ToolCalls[0].FunctionArguments.ToString());
    }

    [TestMethod]
    public async Task Required_calls_may_be_several_and_each_is_of_its_schema()
    {
        var options = new ChatCompletionOptions { ToolChoice = ChatToolChoice.CreateRequiredChoice(), Temperature = 1, MaxOutputTokenCount = 300 };
        options.Tools.Add(ChatTool.CreateFunctionTool("weather", functionParameters: BinaryData.FromString(City), functionSchemaIsStrict: true));
        int most = 0;
        for (int seed = 0; seed < 4; seed++)
        {
#pragma warning disable OPENAI001 // Seeds are called experimental there.
            options.Seed = seed;
#pragma warning restore OPENAI001
            ChatCompletion answer = await OpenAiClient.Chat(_server.Address, isDeterministic: true).CompleteChatAsync(Messages, options);
            most = Math.Max(most, answer.ToolCalls.Count);
            Assert.AreEqual(answer.ToolCalls.Count, answer.ToolCalls.Select(call => call.Id).Distinct().Count());
            foreach (ChatToolCall call in answer.ToolCalls.SkipLast(answer.FinishReason == ChatFinishReason.Length ? 1 : 0))
                AssertCity(call.FunctionArguments.ToString());
        }
        Assert.IsGreaterThan(1, most, "never several: this proves nothing");
    }

    /// <summary>A strict function that may be called: text, or calls that are exact, streamed or not.</summary>
    [TestMethod]
    public async Task A_strict_function_may_be_called_behind_text()
    {
        var options = new ChatCompletionOptions { Temperature = 1, MaxOutputTokenCount = 60 };
        options.Tools.Add(ChatTool.CreateFunctionTool("weather", functionParameters: BinaryData.FromString(City), functionSchemaIsStrict: true));
        ChatClient client = OpenAiClient.Chat(_server.Address, isDeterministic: true);
        ChatCompletion answer = await client.CompleteChatAsync(Messages, options);
        var text = new StringBuilder();
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(Messages, options))
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
        Assert.AreEqual(string.Concat(answer.Content.Select(part => part.Text)), text.ToString());
        foreach (ChatToolCall call in answer.ToolCalls)
            AssertCity(call.FunctionArguments.ToString());
    }

    [TestMethod]
    public async Task A_named_function_is_called()
    {
        var options = new ChatCompletionOptions { ToolChoice = ChatToolChoice.CreateFunctionChoice("weather"), MaxOutputTokenCount = 200 };
        options.Tools.Add(ChatTool.CreateFunctionTool("time"));
        options.Tools.Add(ChatTool.CreateFunctionTool("weather", functionParameters: BinaryData.FromString(City)));
        AssertWeather(await OpenAiClient.Chat(_server.Address).CompleteChatAsync(Messages, options));
    }

    [TestMethod]
    public async Task A_function_without_parameters_is_called_with_none()
    {
        var options = new ChatCompletionOptions { ToolChoice = ChatToolChoice.CreateRequiredChoice(), AllowParallelToolCalls = false, MaxOutputTokenCount = 200 };
        options.Tools.Add(ChatTool.CreateFunctionTool("time"));
        ChatCompletion answer = await OpenAiClient.Chat(_server.Address).CompleteChatAsync(Messages, options);
        Assert.AreEqual("{}", answer.ToolCalls.Single().FunctionArguments.ToString());
    }

    [TestMethod]
    public async Task An_answer_has_the_schema_that_it_is_to_have_streamed_or_not()
    {
        var options = new ChatCompletionOptions
        {
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("city", BinaryData.FromString(City), jsonSchemaIsStrict: true),
            Temperature = 1,
            MaxOutputTokenCount = 200,
        };
        ChatClient client = OpenAiClient.Chat(_server.Address, isDeterministic: true);
        ChatCompletion answer = await client.CompleteChatAsync(Messages, options);
        Assert.AreEqual(ChatFinishReason.Stop, answer.FinishReason);
        AssertCity(answer.Content.Single().Text);
        var text = new StringBuilder();
        await foreach (StreamingChatCompletionUpdate update in client.CompleteChatStreamingAsync(Messages, options))
            text.Append(string.Concat(update.ContentUpdate.Select(part => part.Text)));
        Assert.AreEqual(answer.Content.Single().Text, text.ToString());
    }

    [TestMethod]
    public async Task With_tools_beside_a_response_format_the_answer_is_a_call_or_of_the_format()
    {
        var options = new ChatCompletionOptions
        {
            ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("city", BinaryData.FromString(City)),
            Temperature = 2,
            AllowParallelToolCalls = false,
            MaxOutputTokenCount = 200,
        };
        options.Tools.Add(ChatTool.CreateFunctionTool("weather", functionParameters: BinaryData.FromString(City), functionSchemaIsStrict: true));
        ChatClient client = OpenAiClient.Chat(_server.Address);
        for (int seed = 0; seed < 8; seed++)
        {
#pragma warning disable OPENAI001 // Seeds are called experimental there.
            options.Seed = seed;
#pragma warning restore OPENAI001
            ChatCompletion answer = await client.CompleteChatAsync(Messages, options);
            if (answer.FinishReason == ChatFinishReason.ToolCalls)
                AssertWeather(answer);
            else
                AssertCity(answer.Content.Single().Text);
        }
    }

    [TestMethod]
    public async Task An_answer_is_a_JSON_object()
    {
        var options = new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonObjectFormat(), MaxOutputTokenCount = 400 };
        ChatCompletion answer = await OpenAiClient.Chat(_server.Address).CompleteChatAsync(Messages, options);
        StringAssert.StartsWith(answer.Content.Single().Text, "{");
        if (answer.FinishReason == ChatFinishReason.Stop)
            Assert.AreEqual(JsonValueKind.Object, JsonDocument.Parse(answer.Content.Single().Text).RootElement.ValueKind);
    }

    [TestMethod]
    public async Task A_schema_that_asks_for_too_much_is_refused_by_name()
    {
        const string Unsupported = """{"type": "object", "not": {"required": ["a"]}}""";
        ClientResultException error = await Assert.ThrowsExactlyAsync<ClientResultException>(() => OpenAiClient.Chat(_server.Address).CompleteChatAsync(
            Messages, new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("x", BinaryData.FromString(Unsupported)) }));
        Assert.AreEqual(400, error.Status);
        StringAssert.Contains(error.Message, "response_format");
        StringAssert.Contains(error.Message, "not");

        var options = new ChatCompletionOptions { ToolChoice = ChatToolChoice.CreateRequiredChoice(), AllowParallelToolCalls = false, MaxOutputTokenCount = 200 };
        options.Tools.Add(ChatTool.CreateFunctionTool("f", functionParameters: BinaryData.FromString(Unsupported), functionSchemaIsStrict: true));
        error = await Assert.ThrowsExactlyAsync<ClientResultException>(() => OpenAiClient.Chat(_server.Address).CompleteChatAsync(Messages, options));
        Assert.AreEqual(400, error.Status);
        StringAssert.Contains(error.Message, "tools[0].function.parameters");
    }

    [TestMethod]
    public async Task A_function_that_is_not_strict_gets_a_JSON_object_where_its_schema_asks_for_too_much()
    {
        var options = new ChatCompletionOptions { ToolChoice = ChatToolChoice.CreateRequiredChoice(), AllowParallelToolCalls = false, MaxOutputTokenCount = 300 };
        options.Tools.Add(ChatTool.CreateFunctionTool("f", functionParameters: BinaryData.FromString("""{"type": "object", "not": {"required": ["a"]}}""")));
        ChatCompletion answer = await OpenAiClient.Chat(_server.Address).CompleteChatAsync(Messages, options);
        if (answer.FinishReason == ChatFinishReason.ToolCalls)
            Assert.AreEqual(JsonValueKind.Object, JsonDocument.Parse(answer.ToolCalls.Single().FunctionArguments).RootElement.ValueKind);
        else
            StringAssert.StartsWith(answer.Content.Single().Text, "<tool_call>\n{\"name\": \"f\", \"arguments\": {");
    }

    private static void AssertWeather(ChatCompletion answer)
    {
        Assert.AreEqual(ChatFinishReason.ToolCalls, answer.FinishReason);
        ChatToolCall call = answer.ToolCalls.Single();
        Assert.AreEqual("weather", call.FunctionName);
        AssertCity(call.FunctionArguments.ToString());
    }

    private static void AssertCity(string json)
    {
        JsonElement city = JsonDocument.Parse(json).RootElement;
        CollectionAssert.Contains((string[])["Bern", "Zürich"], city.GetProperty("city").GetString());
        Assert.IsTrue(city.GetProperty("days").GetInt32() is >= 1 and <= 9, json);
    }
}

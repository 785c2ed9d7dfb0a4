using System.Text.Json;
using Microsoft.Extensions.AI;

namespace Llm42.Extensions.Tests.Chat;

[TestClass]
public sealed class ChatPromptTests
{
    private static readonly AIFunction Weather = AIFunctionFactory.Create((string city) => "sun", "get_weather", "Tells the weather.");

    public TestContext TestContext { get; set; } = null!;

    [TestMethod]
    public async Task Messages_are_rendered_by_the_models_template()
    {
        ChatMessage[] messages =
        [
            new(ChatRole.User, [new TextContent("a"), new TextContent("b")]) { AuthorName = "ann" },
            new(ChatRole.Assistant, [new TextReasoningContent("hm"), new TextContent("c"), new UsageContent()]),
        ];
        Assert.AreEqual(
            "<system>be brief;<user ann>ab;<assistant>(hm)c;<assistant>",
            await PromptAsync(messages, new ChatOptions { Instructions = "be brief" }));
    }

    [TestMethod]
    public async Task Calls_and_results_of_functions_are_rendered()
    {
        ChatMessage[] messages =
        [
            new(ChatRole.User, "weather?"),
            new(ChatRole.Assistant,
            [
                new FunctionCallContent("call_1", "get_weather", new Dictionary<string, object?> { ["city"] = "Rome", ["days"] = 2 }),
                new FunctionCallContent("call_2", "now"),
            ]),
            new(ChatRole.Tool, [new FunctionResultContent("call_1", "sun"), new FunctionResultContent("call_2", new[] { 1, 2 })]),
            new(ChatRole.Tool, [new FunctionResultContent("call_3", JsonSerializer.SerializeToElement("plain"))]),
        ];
        Assert.AreEqual(
            "<user>weather?;"
            + "<assistant><tool_call>call_1 get_weather {\"city\": \"Rome\", \"days\": 2}</tool_call><tool_call>call_2 now {}</tool_call>;"
            + "<tool get_weather>sun for call_1;<tool now>[1,2] for call_2;<tool>plain for call_3;<assistant>",
            await PromptAsync(messages));
    }

    [TestMethod]
    public async Task Tools_are_given_to_the_template_unless_calls_are_forbidden()
    {
        var options = new ChatOptions { Tools = [Weather] };
        string prompt = await PromptAsync([new(ChatRole.User, "x")], options);
        int end = prompt.IndexOf("]<user>", StringComparison.Ordinal);
        JsonElement tool = JsonDocument.Parse(prompt["[tools ".Length..end]).RootElement[0];
        Assert.AreEqual("function", tool.GetProperty("type").GetString());
        JsonElement function = tool.GetProperty("function");
        Assert.AreEqual("get_weather", function.GetProperty("name").GetString());
        Assert.AreEqual("Tells the weather.", function.GetProperty("description").GetString());
        Assert.AreEqual("string", function.GetProperty("parameters").GetProperty("properties").GetProperty("city").GetProperty("type").GetString());

        options.ToolMode = ChatToolMode.None;
        Assert.AreEqual("<user>x;<assistant>", await PromptAsync([new(ChatRole.User, "x")], options));
    }

    [TestMethod]
    public async Task Variables_of_the_template_can_be_set()
    {
        object[] values =
        [
            new Dictionary<string, object?> { ["enable_thinking"] = false },
            JsonSerializer.SerializeToElement(new { enable_thinking = false }),
        ];
        foreach (object value in values)
        {
            var options = new ChatOptions { AdditionalProperties = new() { [Llm42.Extensions.AI.Llm42ChatProperties.TemplateVariables] = value } };
            Assert.AreEqual("<user>x;[thinking False]<assistant>", await PromptAsync([new(ChatRole.User, "x")], options));
        }
    }

    [TestMethod]
    public async Task What_a_prompt_cannot_hold_is_refused_by_name()
    {
        await RefusedAsync<NotSupportedException>([new(ChatRole.User, [new TextContent("x"), new DataContent(new byte[1], "image/png")])], "Message 0 holds a DataContent");
        await RefusedAsync<ArgumentException>([], "no message");
        await RefusedAsync<ArgumentException>(
            [new(ChatRole.User, "x"), new(ChatRole.Tool, [new FunctionResultContent("1", "y"), new TextContent("z")])], "Message 1 holds results of functions and something else");
        await RefusedAsync<NotSupportedException>(
            [new(ChatRole.Tool, [new FunctionResultContent("1", new DataContent(new byte[1], "image/png"))])], "content other than text");
        await RefusedAsync<ArgumentException>(
            [new(ChatRole.User, "x")], "sets \"messages\"",
            new ChatOptions { AdditionalProperties = new() { ["chat_template_kwargs"] = new Dictionary<string, object?> { ["messages"] = null } } });
    }

    private async Task<string> PromptAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null)
    {
        await using InferenceEngine engine = ScriptedEngine.Create("ok", out ScriptedEngine script);
        ChatResponse response = await engine.AsIChatClient().GetResponseAsync(messages, options, TestContext.CancellationToken);
        Assert.AreEqual("ok", response.Text);
        return script.Prompt;
    }

    private static async Task RefusedAsync<T>(IEnumerable<ChatMessage> messages, string problem, ChatOptions? options = null)
        where T : Exception
    {
        await using InferenceEngine engine = ScriptedEngine.Create("ok", out ScriptedEngine script);
        T error = await Assert.ThrowsExactlyAsync<T>(() => engine.AsIChatClient().GetResponseAsync(messages, options));
        StringAssert.Contains(error.Message, problem, StringComparison.Ordinal);
        Assert.IsNull(script.Request, "the engine was asked all the same");
    }
}

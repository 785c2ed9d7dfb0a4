using System.Net;
using System.Text.Json;
using OpenAI.Chat;

namespace Llm42.Server.Tests;

/// <summary>Tools, called by a model that says what it is told to.</summary>
[TestClass]
public sealed class ToolCallTests
{
    private const string Tools = """
        [{"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}}},
         {"type": "function", "function": {"name": "time", "description": "What time it is"}}]
        """;

    private const string Body = """{"model": "demo", "messages": [{"role": "user", "content": "Rain?"}], "tools": """ + Tools;

    private const string TwoCalls = """
        I look.
        <tool_call>
        {"name": "weather", "arguments": {"city": "Bär </tool_call>"}}
        </tool_call>
        <tool_call>
        {"name": "time", "arguments": {}}
        </tool_call>
        """;

    private static ScriptedServer _hermes = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) => _hermes = await ScriptedServer.StartAsync();

    [ClassCleanup]
    public static async Task StopAsync() => await _hermes.DisposeAsync();

    [TestMethod]
    public async Task OpenAIs_client_gets_the_calls_and_gives_their_results()
    {
        _hermes.Say(TwoCalls);
        var options = new ChatCompletionOptions
        {
            Tools = { ChatTool.CreateFunctionTool("weather", functionParameters: BinaryData.FromString("""{"type": "object"}""")), ChatTool.CreateFunctionTool("time") },
        };
        ChatClient client = OpenAiClient.Chat(_hermes.Address);
        ChatCompletion answer = await client.CompleteChatAsync([new UserChatMessage("Rain?")], options);
        Assert.AreEqual(ChatFinishReason.ToolCalls, answer.FinishReason);
        Assert.AreEqual("I look.", answer.Content.Single().Text);
        CollectionAssert.AreEqual((string[])["weather", "time"], answer.ToolCalls.Select(call => call.FunctionName).ToArray());
        Assert.AreEqual("""{"city": "Bär </tool_call>"}""", answer.ToolCalls[0].FunctionArguments.ToString());
        Assert.AreNotEqual(answer.ToolCalls[0].Id, answer.ToolCalls[1].Id);
        StringAssert.Contains(_hermes.TakePrompt(), "<tools>[{");

        _hermes.Say("It rains.");
        ChatCompletion next = await client.CompleteChatAsync(
            [
                new UserChatMessage("Rain?"), new AssistantChatMessage(answer),
                new ToolChatMessage(answer.ToolCalls[0].Id, "wet"), new ToolChatMessage(answer.ToolCalls[1].Id, "noon"),
            ],
            options);
        Assert.AreEqual("It rains.", next.Content.Single().Text);
        Assert.AreEqual(ChatFinishReason.Stop, next.FinishReason);
        string prompt = _hermes.TakePrompt();

        // The template has the arguments as an object, not as a string in a string.
        StringAssert.Contains(prompt, "\"arguments\": {\"city\": \"Bär </tool_call>\"}");
        StringAssert.Contains(prompt, $"<tool>wet[{answer.ToolCalls[0].Id}]");
    }

    [TestMethod]
    public async Task OpenAIs_client_gets_streamed_calls()
    {
        _hermes.Say(TwoCalls);
        var options = new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("weather"), ChatTool.CreateFunctionTool("time") } };
        var names = new SortedDictionary<int, string>();
        var arguments = new SortedDictionary<int, string>();
        string content = "";
        ChatFinishReason? reason = null;
        await foreach (StreamingChatCompletionUpdate update in OpenAiClient.Chat(_hermes.Address).CompleteChatStreamingAsync([new UserChatMessage("Rain?")], options))
        {
            content += string.Concat(update.ContentUpdate.Select(part => part.Text));
            reason ??= update.FinishReason;
            foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
            {
                if (call.FunctionName is { } name)
                    names[call.Index] = name;
                arguments[call.Index] = arguments.GetValueOrDefault(call.Index) + call.FunctionArgumentsUpdate;
            }
        }
        Assert.AreEqual("I look.", content);
        Assert.AreEqual(ChatFinishReason.ToolCalls, reason);
        CollectionAssert.AreEqual((string[])["weather", "time"], names.Values);
        CollectionAssert.AreEqual((string[])["""{"city": "Bär </tool_call>"}""", "{}"], arguments.Values);
    }

    /// <summary>As OpenAI streams calls: the name first, then the arguments as they come.</summary>
    [TestMethod]
    public async Task A_call_streams_by_its_name_and_then_piece_by_piece()
    {
        _hermes.Say(TwoCalls);
        List<JsonElement> deltas = [.. (await _hermes.StreamAsync("/v1/chat/completions", Body + ",\"stream\": true}"))
            .Select(@event => @event.GetProperty("choices")[0].GetProperty("delta"))
            .Where(delta => delta.TryGetProperty("tool_calls", out _)).Select(delta => delta.GetProperty("tool_calls").EnumerateArray().Single())];
        foreach (var (index, name) in ((string[])["weather", "time"]).Index())
        {
            JsonElement[] call = [.. deltas.Where(delta => delta.GetProperty("index").GetInt32() == index)];
            JsonElement function = call[0].GetProperty("function");
            StringAssert.StartsWith(call[0].GetProperty("id").GetString(), "call_");
            Assert.AreEqual("function", call[0].GetProperty("type").GetString());
            Assert.AreEqual(name, function.GetProperty("name").GetString());
            Assert.AreEqual("", function.GetProperty("arguments").GetString());
            Assert.IsGreaterThan(1, call.Length);
            foreach (JsonElement delta in call[1..])
            {
                CollectionAssert.AreEqual((string[])["index", "function"], delta.EnumerateObject().Select(member => member.Name).Order().Reverse().ToArray());
                Assert.AreEqual("arguments", delta.GetProperty("function").EnumerateObject().Single().Name);
                Assert.AreNotEqual("", delta.GetProperty("function").GetProperty("arguments").GetString());
            }
        }
    }

    /// <summary>The engine is held in mid-call until the client has seen the beginning of the arguments.</summary>
    [TestMethod]
    public async Task Arguments_are_told_while_the_model_still_writes_them()
    {
        _hermes.Say("<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern or Rome\"}}\n</tool_call>");
        int heldAt = _hermes.Tokenizer.Encode("<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern or", addSpecialTokens: false).Length;
        using var seen = new ManualResetEventSlim();
        int steps = 0;
        _hermes.Executor.BeforeStep = () =>
        {
            if (++steps == heldAt)
                Assert.IsTrue(seen.Wait(TimeSpan.FromMinutes(1)), "nothing of the arguments was told before the call was whole");
        };
        try
        {
            string arguments = "";
            var options = new ChatCompletionOptions { Tools = { ChatTool.CreateFunctionTool("weather") } };
            await foreach (StreamingChatCompletionUpdate update in OpenAiClient.Chat(_hermes.Address).CompleteChatStreamingAsync([new UserChatMessage("Rain?")], options))
            {
                foreach (StreamingChatToolCallUpdate call in update.ToolCallUpdates)
                    arguments += call.FunctionArgumentsUpdate;
                if (arguments.StartsWith("{\"city", StringComparison.Ordinal))
                    seen.Set();
            }
            Assert.AreEqual("{\"city\": \"Bern or Rome\"}", arguments);
        }
        finally
        {
            _hermes.Executor.BeforeStep = () => { };
        }
    }

    /// <summary>Whatever the model says, the events of a stream together are the answer in one piece.</summary>
    [TestMethod]
    public async Task A_stream_adds_up_to_the_answer()
    {
        string[] texts =
        [
            TwoCalls, "a <tool_call>{\"name\": \"time\", \"argum", "<tool_call>{\"name\": \"time\", \"arguments\": {\"x\": [1", "Just text. ",
            "<tool_call>{\"name\": \"time\", \"arguments\": {\"x\": oops}}</tool_call> And so on.", "<tool_call>{\"arguments\": {}, \"name\": \"time\"}</tool_call>",
        ];
        foreach (string text in texts)
        {
            _hermes.Say(text);
            foreach (string more in (string[])["}", ",\"parallel_tool_calls\": false}", ",\"max_tokens\": 24}"])
            {
                JsonElement choice = (await _hermes.ChatAsync(Body + more)).Body.GetProperty("choices")[0];
                JsonElement message = choice.GetProperty("message");
                string content = "", reason = "";
                List<(string Id, string Name, string Arguments)> calls = [];
                foreach (JsonElement @event in await _hermes.StreamAsync("/v1/chat/completions", Body + ",\"stream\": true" + more))
                {
                    JsonElement streamed = @event.GetProperty("choices")[0];
                    reason = streamed.GetProperty("finish_reason").GetString() ?? reason;
                    JsonElement delta = streamed.GetProperty("delta");
                    content += delta.TryGetProperty("content", out JsonElement piece) ? piece.GetString() : "";
                    foreach (JsonElement call in delta.TryGetProperty("tool_calls", out JsonElement some) ? some.EnumerateArray().ToArray() : [])
                    {
                        int index = call.GetProperty("index").GetInt32();
                        JsonElement function = call.GetProperty("function");
                        if (index == calls.Count)
                            calls.Add((call.GetProperty("id").GetString()!, function.GetProperty("name").GetString()!, ""));
                        calls[index] = calls[index] with { Arguments = calls[index].Arguments + function.GetProperty("arguments").GetString() };
                    }
                }
                string shown = text + more;
                Assert.AreEqual(message.GetProperty("content").GetString() ?? "", content, shown);
                Assert.AreEqual(choice.GetProperty("finish_reason").GetString(), reason, shown);
                CollectionAssert.AreEqual(
                    message.TryGetProperty("tool_calls", out JsonElement whole)
                        ? whole.EnumerateArray().Select(call => (call.GetProperty("id").GetString()!,
                            call.GetProperty("function").GetProperty("name").GetString()!, call.GetProperty("function").GetProperty("arguments").GetString()!)).ToArray()
                        : [],
                    calls, shown);
            }
        }
    }

    [TestMethod]
    public async Task Malformed_and_unfinished_calls_are_text()
    {
        foreach (string text in (string[])["<tool_call>\n{\"name\": oops}\n</tool_call>", "a <tool_call>{\"name\": \"time\", \"argum"])
        {
            _hermes.Say(text);
            JsonElement choice = (await _hermes.ChatAsync(Body + "}")).Body.GetProperty("choices")[0];
            Assert.AreEqual(text, choice.GetProperty("message").GetProperty("content").GetString());
            Assert.IsFalse(choice.GetProperty("message").TryGetProperty("tool_calls", out _));
            Assert.AreEqual("stop", choice.GetProperty("finish_reason").GetString());
        }
    }

    [TestMethod]
    public async Task A_model_that_is_not_to_call_does_not_see_the_tools_and_its_words_are_text()
    {
        _hermes.Say(TwoCalls);
        _hermes.Executor.TakeRequests();
        JsonElement choice = (await _hermes.ChatAsync(Body + ""","tool_choice": "none"}""")).Body.GetProperty("choices")[0];
        Assert.AreEqual(TwoCalls, choice.GetProperty("message").GetProperty("content").GetString());
        Assert.AreEqual("<|begin|><user>Rain?<assistant>", _hermes.TakePrompt());
    }

    [TestMethod]
    public async Task One_call_at_a_time_is_the_first()
    {
        _hermes.Say(TwoCalls);
        JsonElement message = (await _hermes.ChatAsync(Body + ""","parallel_tool_calls": false}""")).Body.GetProperty("choices")[0].GetProperty("message");
        Assert.AreEqual("weather", message.GetProperty("tool_calls").EnumerateArray().Single().GetProperty("function").GetProperty("name").GetString());
    }

    [TestMethod]
    public async Task Ids_of_calls_come_again_with_the_request_and_with_no_other()
    {
        _hermes.Say(TwoCalls);
        string[] first = await IdsAsync("Rain?");
        CollectionAssert.AreEqual(first, await IdsAsync("Rain?"));
        CollectionAssert.AreNotEqual(first, await IdsAsync("Snow?"));

        static async Task<string[]> IdsAsync(string question) =>
            [.. (await _hermes.ChatAsync(Body.Replace("Rain?", question, StringComparison.Ordinal) + "}")).Body.GetProperty("choices")[0].GetProperty("message")
                .GetProperty("tool_calls").EnumerateArray().Select(call => call.GetProperty("id").GetString()!)];
    }

    [TestMethod]
    public async Task Tags_that_are_special_tokens_are_seen_all_the_same()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(specialTags: true);
        server.Say(TwoCalls);
        JsonElement message = (await server.ChatAsync(Body + "}")).Body.GetProperty("choices")[0].GetProperty("message");
        Assert.AreEqual(2, message.GetProperty("tool_calls").GetArrayLength());
        Assert.AreEqual("I look.", message.GetProperty("content").GetString());

        // Where a function is strict, the tokens belong to what the answer may be.
        server.Say("I look.\n<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n</tool_call>\n<tool_call>\n{\"name\": \"time\", \"arguments\": {}}\n</tool_call>");
        message = (await server.ChatAsync(Body.Replace("\"weather\",", "\"weather\", \"strict\": true,", StringComparison.Ordinal) + "}")).Body
            .GetProperty("choices")[0].GetProperty("message");
        Assert.AreEqual(2, message.GetProperty("tool_calls").GetArrayLength());

        // Without tools they stay out of the text.
        server.Say("a<tool_call>b");
        message = (await server.ChatAsync("""{"model": "demo", "messages": [{"role": "user", "content": "Rain?"}]}""")).Body.GetProperty("choices")[0].GetProperty("message");
        Assert.AreEqual("ab", message.GetProperty("content").GetString());
    }

    [TestMethod]
    public async Task Llama_3_calls_with_and_without_its_tag()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(ScriptedServer.Llama3);
        foreach (string begin in (string[])["", "<|python_tag|>"])
        {
            server.Say(begin + """{"name": "weather", "parameters": {"city": "Bern"}}; {"name": "time", "parameters": {}}""");
            JsonElement message = (await server.ChatAsync(Body + "}")).Body.GetProperty("choices")[0].GetProperty("message");
            Assert.AreEqual(JsonValueKind.Null, message.GetProperty("content").ValueKind);
            CollectionAssert.AreEqual(
                (string[])["""{"city": "Bern"}""", "{}"],
                message.GetProperty("tool_calls").EnumerateArray().Select(call => call.GetProperty("function").GetProperty("arguments").GetString()).ToArray());
        }
    }

    [TestMethod]
    public async Task A_template_that_knows_no_calls_refuses_tools()
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync("{{ messages[0].content }}");
        var (status, body) = await server.ChatAsync(Body + "}");
        Assert.AreEqual(HttpStatusCode.BadRequest, status);
        Assert.AreEqual("tools", body.GetProperty("error").GetProperty("param").GetString());
    }
}

using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Llm42.Server.Tests;

/// <summary>
/// What each field of a request does: it changes what the engine is asked or what the response tells (honoured), it makes
/// no difference (ignored), or it is refused by name. Nothing is accepted and then dropped.
/// </summary>
[TestClass]
public sealed class RequestFieldTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Completions = "/v1/completions";
    private const string Generate = "/generate";

    private const string Weather = """ "tools": [{"type": "function", "function": {"name": "weather"}}] """;

    private static ScriptedServer _server = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context)
    {
        _server = await ScriptedServer.StartAsync();
        _server.Say("One<|special|> two three.<tool_call>{\"name\": \"weather\", \"arguments\": {}}</tool_call><tool_call>{\"name\": \"b\", \"arguments\": {}}</tool_call>");
    }

    [ClassCleanup]
    public static async Task StopAsync() => await _server.DisposeAsync();

    [TestMethod]
    [DataRow(Chat, "messages", """[{"role": "user", "content": "Other"}]""")]
    [DataRow(Chat, "tools", """[{"type": "function", "function": {"name": "weather"}}]""")]
    [DataRow(Chat, "tool_choice", "\"none\"", Weather)]
    [DataRow(Chat, "tool_choice", "\"required\"", Weather)]
    [DataRow(Chat, "tool_choice", """{"type": "function", "function": {"name": "weather"}}""", Weather)]
    [DataRow(Chat, "parallel_tool_calls", "false", Weather)]
    [DataRow(Chat, "max_tokens", "2")]
    [DataRow(Chat, "max_completion_tokens", "2")]
    [DataRow(Chat, "logprobs", "true")]
    [DataRow(Chat, "top_logprobs", "3", """ "logprobs": true """)]
    [DataRow(Chat, "chat_template_kwargs", """{"enable_thinking": false}""")]
    [DataRow(Chat, "add_generation_prompt", "false")]
    [DataRow(Chat, "continue_final_message", "true")]
    [DataRow(Completions, "prompt", "\"Other\"")]
    [DataRow(Completions, "max_tokens", "2")]
    [DataRow(Completions, "logprobs", "0")]
    [DataRow(Completions, "logprobs", "2", """ "logprobs": 1 """)]
    [DataRow(Completions, "echo", "true")]
    [DataRow(Generate, "text", "\"Other\"")]
    [DataRow(Generate, "return_logprob", "true")]
    [DataRow(Generate, "rid", "\"mine\"")]
    [DataRow(Generate, "is_deterministic", "true")]
    [DataRow(Generate, "stream", "true")]
    [DataRow(Generate, "sampling_params", """{"max_new_tokens": 2}""")]
    [DataRow(Generate, "sampling_params", """{"sampling_seed": 7}""")]
    [DataRow(Generate, "sampling_params", """{"temperature": 0.5}""")]
    [DataRow(Generate, "sampling_params", """{"skip_special_tokens": false}""")]
    public Task Is_honoured(string path, string field, string value, string? beside = null) => AssertChangesAsync(path, field, value, beside);

    [TestMethod]
    [DataRow("temperature", "0.7")]
    [DataRow("top_p", "0.5")]
    [DataRow("top_k", "4")]
    [DataRow("min_p", "0.1")]
    [DataRow("n", "2")]
    [DataRow("seed", "7")]
    [DataRow("stop", "\"two\"")]
    [DataRow("stop", """["three"]""")]
    [DataRow("logit_bias", """{"40": 5}""")]
    [DataRow("presence_penalty", "0.5")]
    [DataRow("frequency_penalty", "0.5")]
    [DataRow("repetition_penalty", "1.5")]
    [DataRow("is_deterministic", "true")]
    [DataRow("ignore_eos", "true")]
    [DataRow("skip_special_tokens", "false")]
    [DataRow("response_format", """{"type": "json_object"}""")]
    [DataRow("response_format", """{"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}}}""")]
    [DataRow("stream", "true")]
    [DataRow("stream_options", """{"include_usage": true}""", """ "stream": true """)]
    public async Task Is_honoured_by_both(string field, string value, string? beside = null)
    {
        await AssertChangesAsync(Chat, field, value, beside);
        await AssertChangesAsync(Completions, field, value, beside);
    }

    [TestMethod]
    [DataRow("user", "\"me\"")]
    [DataRow("safety_identifier", "\"me\"")]
    [DataRow("prompt_cache_key", "\"me\"")]
    [DataRow("prompt_cache_retention", "\"24h\"")]
    [DataRow("store", "true")]
    [DataRow("metadata", """{"a": "b"}""")]
    [DataRow("service_tier", "\"auto\"")]
    [DataRow("modalities", """["text"]""")]
    [DataRow("response_format", """{"type": "text"}""")]
    [DataRow("audio", "null")]
    [DataRow("temperature", "null")]
    public async Task Is_ignored_since_no_answer_depends_on_it(string field, string value)
    {
        foreach (string path in (string[])[Chat, Completions])
            Assert.AreEqual(await AskAsync(path, null, null, null), await AskAsync(path, field, value, null), $"{path} {field}");
    }

    [TestMethod]
    [DataRow(Chat, "audio", """{"voice": "x", "format": "mp3"}""")]
    [DataRow(Chat, "modalities", """["text", "audio"]""")]
    [DataRow(Chat, "prediction", """{"type": "content", "content": "x"}""")]
    [DataRow(Chat, "web_search_options", "{}")]
    [DataRow(Chat, "functions", "[]")]
    [DataRow(Chat, "function_call", "\"auto\"")]
    [DataRow(Chat, "reasoning_effort", "\"high\"")]
    [DataRow(Chat, "verbosity", "\"low\"")]
    [DataRow(Chat, "service_tier", "\"priority\"")]
    [DataRow(Chat, "unheard_of", "1")]
    [DataRow(Chat, "guided_json", "{}")]
    [DataRow(Chat, "n", "0")]
    [DataRow(Chat, "n", "1000")]
    [DataRow(Chat, "temperature", "-1")]
    [DataRow(Chat, "temperature", "0.001")]
    [DataRow(Chat, "temperature", "\"hot\"")]
    [DataRow(Chat, "top_p", "1.5")]
    [DataRow(Chat, "top_logprobs", "3")]
    [DataRow(Chat, "top_logprobs", "21")]
    [DataRow(Chat, "max_tokens", "0")]
    [DataRow(Chat, "max_completion_tokens", "-1")]
    [DataRow(Chat, "seed", "1.5")]
    [DataRow(Chat, "stop", "5")]
    [DataRow(Chat, "logit_bias", """{"x": 1}""")]
    [DataRow(Chat, "logit_bias", """{"5": 101}""")]
    [DataRow(Chat, "stream_options", """{"include_usage": true}""")]
    [DataRow(Chat, "tool_choice", "\"required\"")]
    [DataRow(Chat, "tool_choice", "\"sometimes\"")]
    [DataRow(Chat, "tool_choice", """{"type": "function", "function": {"name": "other"}}""")]
    [DataRow(Chat, "chat_template_kwargs", """{"messages": []}""")]
    [DataRow(Chat, "chat_template", "\"{{ 1 }}\"")]
    [DataRow(Completions, "suffix", "\"x\"")]
    [DataRow(Completions, "best_of", "2")]
    [DataRow(Completions, "logprobs", "21")]
    [DataRow(Completions, "prompt", "[]")]
    [DataRow(Completions, "messages", "[]")]
    [DataRow(Completions, "unheard_of", "1")]
    [DataRow(Generate, "unheard_of", "1")]
    public async Task Is_refused_by_name(string path, string field, string value)
    {
        var (status, body) = await _server.PostAsync(path, RequestOf(path, field, value, null));
        Assert.AreEqual(HttpStatusCode.BadRequest, status, body.ToString());
        JsonElement error = body.GetProperty("error");
        Assert.AreEqual(field, error.GetProperty("param").GetString());
        Assert.AreEqual("invalid_request_error", error.GetProperty("type").GetString());
        StringAssert.Contains(error.GetProperty("message").GetString(), field);
        Assert.AreNotEqual(JsonValueKind.Undefined, error.GetProperty("code").ValueKind);
    }

    [TestMethod]
    [DataRow("""[{"type": "web_search"}]""", "tools[0].type")]
    [DataRow("""[{"type": "function"}]""", "tools[0].function")]
    [DataRow("""[{"type": "function", "function": {"name": "a b"}}]""", "tools[0].function.name")]
    [DataRow("""[{"type": "function", "function": {"name": "a", "parameters": 1}}]""", "tools[0].function.parameters")]
    [DataRow("""[{"type": "function", "function": {"name": "a", "unheard_of": 1}}]""", "tools[0].function.unheard_of")]
    [DataRow("""[{"type": "function", "function": {"name": "a"}}, {"type": "function", "function": {"name": "a"}}]""", "tools[1].function.name")]
    [DataRow("""[{"type": "function", "function": {"name": "a", "strict": true, "parameters": {"type": "object", "not": {}}}}]""", "tools[0].function.parameters")]
    public async Task A_tool_is_refused_by_what_is_wrong_with_it(string tools, string parameter)
    {
        var (status, body) = await _server.PostAsync(Chat, RequestOf(Chat, "tools", tools, null));
        Assert.AreEqual(HttpStatusCode.BadRequest, status, body.ToString());
        Assert.AreEqual(parameter, body.GetProperty("error").GetProperty("param").GetString());
    }

    [TestMethod]
    [DataRow("""{"type": "json_array"}""", "response_format.type")]
    [DataRow("""{"type": "json_schema"}""", "response_format.json_schema")]
    [DataRow("""{"type": "text", "unheard_of": 1}""", "response_format.unheard_of")]
    public async Task A_response_format_is_refused_by_what_is_wrong_with_it(string format, string parameter)
    {
        var (status, body) = await _server.PostAsync(Chat, RequestOf(Chat, "response_format", format, null));
        Assert.AreEqual(HttpStatusCode.BadRequest, status, body.ToString());
        Assert.AreEqual(parameter, body.GetProperty("error").GetProperty("param").GetString());
    }

    private static async Task AssertChangesAsync(string path, string field, string value, string? beside) =>
        Assert.AreNotEqual(await AskAsync(path, null, null, beside), await AskAsync(path, field, value, beside), $"{path} takes {field} and drops it");

    /// <summary>What the engine was asked and what it answered, but for what differs from one request to the next.</summary>
    private static async Task<string> AskAsync(string path, string? field, string? value, string? beside)
    {
        _server.Executor.TakeRequests();
        var (status, text) = await _server.PostTextAsync(path, RequestOf(path, field, value, beside));
        Assert.AreEqual(HttpStatusCode.OK, status, text);
        string asked = string.Concat(_server.Executor.TakeRequests().Select(request => JsonSerializer.Serialize(new
        {
            request.PromptIds,
            request.Sampling,
            request.MaxTokens,
            request.IsDeterministic,
            request.StopTokenIds,
            request.TopLogprobs,
            HasTextStop = request.TextStop is not null,
            IsConstrained = request.Constraint is not null,
        })));
        return asked + Masked(text, field == "rid" ? [] : ["id"], ["created"]);
    }

    private static string Masked(string text, params string[][] names)
    {
        foreach (string name in names.SelectMany(list => list))
            text = System.Text.RegularExpressions.Regex.Replace(text, $"\"{name}\":(\"[^\"]*\"|[0-9]+)", "");
        return text;
    }

    private static string RequestOf(string path, string? field, string? value, string? beside)
    {
        JsonObject body = JsonNode.Parse(path switch
        {
            Chat => """{"model": "demo", "messages": [{"role": "user", "content": "Hello"}, {"role": "assistant", "content": "Well"}]}""",
            Completions => """{"model": "demo", "prompt": "Hello", "max_tokens": 50}""",
            _ => """{"text": "Hello"}""",
        })!.AsObject();
        foreach (var (name, other) in JsonNode.Parse($"{{{beside}}}")!.AsObject())
            body[name] = other?.DeepClone();
        if (field is not null)
            body[field] = JsonNode.Parse(value!);
        return body.ToJsonString();
    }
}

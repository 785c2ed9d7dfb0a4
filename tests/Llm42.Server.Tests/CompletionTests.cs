using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Llm42.Core.Engine;

namespace Llm42.Server.Tests;

/// <summary>/v1/completions, /generate and the tokenizer's endpoints on the embedded model.</summary>
[TestClass]
public sealed class CompletionTests
{
    private const string Prompt = "In the beginning";

    private static TestServer _server = null!;

    [ClassInitialize]
    public static async Task StartAsync(TestContext context) => _server = await TestServer.StartAsync();

    [ClassCleanup]
    public static async Task StopAsync() => await _server.DisposeAsync();

    [TestMethod]
    public async Task Completions_are_the_engines_answers()
    {
        IReadOnlyList<GenerationResult> expected = await _server.Engine.CompleteAllAsync(
            Prompt, new GenerationOptions { IsDeterministic = true, MaxTokens = 20, Temperature = 1, Seed = 9, N = 2, TopLogprobs = 2 });
        JsonElement body = await PostAsync("/v1/completions", $$"""
            {"model": "demo", "prompt": "{{Prompt}}", "max_tokens": 20, "temperature": 1, "seed": 9, "n": 2, "logprobs": 2, "is_deterministic": true}
            """);
        foreach ((JsonElement choice, GenerationResult answer) in body.GetProperty("choices").EnumerateArray().Zip(expected))
        {
            Assert.AreEqual(answer.Text, choice.GetProperty("text").GetString());
            JsonElement logprobs = choice.GetProperty("logprobs");
            CollectionAssert.AreEqual(
                answer.Tokens.Select(token => token.Logprob).ToArray(),
                logprobs.GetProperty("token_logprobs").EnumerateArray().Select(value => value.GetSingle()).ToArray());
            AssertOffsets(logprobs, answer.Text);
        }
        Assert.AreEqual(40, body.GetProperty("usage").GetProperty("completion_tokens").GetInt32());
        JsonElement guarantee = body.GetProperty("llm42");
        Assert.IsTrue(guarantee.GetProperty("is_deterministic").GetBoolean());
        Assert.AreEqual(9, guarantee.GetProperty("seed").GetInt32());
        Assert.AreEqual(_server.Engine.Engine.Fingerprint, guarantee.GetProperty("fingerprint").GetString());
    }

    [TestMethod]
    public async Task Nothing_is_guaranteed_by_an_engine_that_guarantees_nothing()
    {
        await using TestServer study = await TestServer.StartAsync(
            engineOptions: new InferenceEngineOptions { Engine = new EngineOptions { Verifier = VerifierKind.FixedShape } });
        using HttpResponseMessage response = await study.Client.PostAsJsonAsync(
            "/v1/completions", new { model = "demo", prompt = Prompt, max_tokens = 4, is_deterministic = true });
        JsonElement body = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.IsFalse(body.GetProperty("llm42").GetProperty("is_deterministic").GetBoolean());
    }

    [TestMethod]
    [DataRow(false)]
    [DataRow(true)]
    public async Task Streamed_completions_are_the_same(bool echo)
    {
        string request = $$"""
            {"model": "demo", "prompt": ["{{Prompt}}", "And God said"], "max_tokens": 16, "n": 2, "seed": 4, "temperature": 1, "logprobs": 1, "echo": {{(echo ? "true" : "false")}}, "is_deterministic": true
            """;
        JsonElement whole = await PostAsync("/v1/completions", request + "}");
        List<JsonElement> events = await StreamAsync("/v1/completions", request + ""","stream": true, "stream_options": {"include_usage": true}}""");
        for (int i = 0; i < 4; i++)
        {
            JsonElement expected = whole.GetProperty("choices")[i];
            JsonElement[] pieces = [.. events.SelectMany(e => e.GetProperty("choices").EnumerateArray()).Where(choice => choice.GetProperty("index").GetInt32() == i)];
            Assert.AreEqual(expected.GetProperty("text").GetString(), string.Concat(pieces.Select(piece => piece.GetProperty("text").GetString())));
            Assert.AreEqual(expected.GetProperty("finish_reason").GetString(), pieces[^1].GetProperty("finish_reason").GetString());
            foreach (string column in (string[])["tokens", "token_logprobs", "text_offset", "top_logprobs"])
                Assert.AreEqual(
                    string.Join(' ', expected.GetProperty("logprobs").GetProperty(column).EnumerateArray()),
                    string.Join(' ', pieces.Where(piece => piece.GetProperty("logprobs").ValueKind == JsonValueKind.Object)
                        .SelectMany(piece => piece.GetProperty("logprobs").GetProperty(column).EnumerateArray())));
        }
        Assert.AreEqual(whole.GetProperty("usage").GetProperty("total_tokens").GetInt32(), events[^1].GetProperty("usage").GetProperty("total_tokens").GetInt32());
        Assert.IsTrue(events[^1].GetProperty("llm42").GetProperty("is_deterministic").GetBoolean());
    }

    [TestMethod]
    public async Task The_last_event_tells_what_was_guaranteed_where_no_usage_is_asked_for()
    {
        foreach (string path in (string[])["/v1/completions", "/v1/chat/completions"])
        {
            string prompt = path == "/v1/completions" ? "\"prompt\": \"And\"" : "\"messages\": [{\"role\": \"user\", \"content\": \"And\"}]";
            List<JsonElement> events = await StreamAsync(path, $$"""{"model": "demo", {{prompt}}, "max_tokens": 4, "n": 2, "stream": true}""");
            Assert.IsTrue(events[^1].TryGetProperty("llm42", out JsonElement guarantee), path);
            Assert.IsFalse(guarantee.GetProperty("is_deterministic").GetBoolean());
            Assert.AreEqual("length", events[^1].GetProperty("choices")[0].GetProperty("finish_reason").GetString());
            Assert.AreEqual(1, events.Count(e => e.TryGetProperty("llm42", out _)));
        }
    }

    [TestMethod]
    public async Task An_echo_scores_the_prompt_too()
    {
        int[] ids = _server.Engine.Tokenizer!.Encode(Prompt, addSpecialTokens: true);
        ScoreResult score = await _server.Engine.ScoreAsync(ids);
        JsonElement body = await PostAsync("/v1/completions", $$"""{"model": "demo", "prompt": "{{Prompt}}", "max_tokens": 0, "echo": true, "logprobs": 0}""");
        JsonElement choice = body.GetProperty("choices")[0];
        Assert.AreEqual(Prompt, choice.GetProperty("text").GetString());
        CollectionAssert.AreEqual(
            score.Positions.Select(position => position.Logprob).ToArray(),
            choice.GetProperty("logprobs").GetProperty("token_logprobs").EnumerateArray()
                .Select(value => value.ValueKind == JsonValueKind.Null ? (float?)null : value.GetSingle()).ToArray());
        AssertOffsets(choice.GetProperty("logprobs"), Prompt);
    }

    [TestMethod]
    [DataRow(null, null, false, false)]
    [DataRow(null, null, true, true)]
    [DataRow(null, "true", false, true)]
    [DataRow(null, "false", true, false)]
    [DataRow("true", "false", false, true)]
    [DataRow("false", "true", true, false)]
    public async Task The_body_goes_before_the_header_and_the_header_before_the_default(string? field, string? header, bool byDefault, bool expected)
    {
        await using ScriptedServer server = await ScriptedServer.StartAsync(options: new ServerOptions { IsDeterministicByDefault = byDefault });
        if (header is not null)
            server.Client.DefaultRequestHeaders.Add("X-Llm42-Deterministic", header);
        string more = field is null ? "" : $", \"is_deterministic\": {field}";
        foreach ((string path, string body) in ((string, string)[])
        [
            ("/v1/completions", "\"model\": \"demo\", \"prompt\": \"a\""),
            ("/v1/chat/completions", "\"model\": \"demo\", \"messages\": [{\"role\": \"user\", \"content\": \"a\"}]"),
            ("/generate", "\"text\": \"a\""),
        ])
        {
            var (status, answer) = await server.PostAsync(path, $"{{{body}{more}}}");
            Assert.AreEqual(HttpStatusCode.OK, status, answer.ToString());
            Assert.AreEqual(expected, server.Executor.TakeRequests().Single().IsDeterministic, path);
            Assert.AreEqual(expected, answer.GetProperty(path == "/generate" ? "meta_info" : "llm42").GetProperty("is_deterministic").GetBoolean(), path);
        }
    }

    [TestMethod]
    public async Task Generate_answers_with_the_published_names()
    {
        GenerationResult expected = await _server.Engine.CompleteAsync(
            Prompt, new GenerationOptions { IsDeterministic = true, MaxTokens = 20, Temperature = 0.8f, Seed = 6, PresencePenalty = 0.5f });
        const string Request = $$"""
            {"text": "{{Prompt}}", "is_deterministic": true, "return_logprob": true, "rid": "mine",
             "sampling_params": {"max_new_tokens": 20, "temperature": 0.8, "sampling_seed": 6, "presence_penalty": 0.5}
            """;
        JsonElement answer = await PostAsync("/generate", Request + "}");
        Assert.AreEqual(expected.Text, answer.GetProperty("text").GetString());
        CollectionAssert.AreEqual(expected.TokenIds.ToArray(), answer.GetProperty("output_ids").EnumerateArray().Select(id => id.GetInt32()).ToArray());
        JsonElement info = answer.GetProperty("meta_info");
        Assert.AreEqual("mine", info.GetProperty("id").GetString());
        Assert.AreEqual(20, info.GetProperty("completion_tokens").GetInt32());
        Assert.AreEqual("length", info.GetProperty("finish_reason").GetProperty("type").GetString());
        foreach (string name in (string[])["llm42_num_rollbacks", "llm42_tokens_rolled_back", "llm42_num_verification_windows", "prompt_tokens", "cached_tokens"])
            Assert.AreEqual(JsonValueKind.Number, info.GetProperty(name).ValueKind, name);
        CollectionAssert.AreEqual(
            expected.Tokens.Select(token => token.Logprob).ToArray(),
            info.GetProperty("output_token_logprobs").EnumerateArray().Select(pair => pair[0].GetSingle()).ToArray());

        List<JsonElement> events = await StreamAsync("/generate", Request + ", \"stream\": true}");
        Assert.AreEqual(expected.Text, events[^1].GetProperty("text").GetString());
        Assert.AreEqual(answer.GetProperty("meta_info").GetProperty("output_token_logprobs").ToString(), events[^1].GetProperty("meta_info").GetProperty("output_token_logprobs").ToString());

        JsonElement byIds = await PostAsync("/generate", $$$"""
            {"input_ids": [{{{string.Join(',', _server.Engine.Tokenizer!.Encode(Prompt, addSpecialTokens: true))}}}], "is_deterministic": true,
             "sampling_params": {"max_new_tokens": 20, "temperature": 0.8, "seed": 6, "presence_penalty": 0.5}}
            """);
        Assert.AreEqual(expected.Text, byIds.GetProperty("text").GetString());

        JsonElement batch = await PostAsync("/generate", """{"text": ["a", "b", "c"], "sampling_params": {"max_new_tokens": 2}}""");
        Assert.AreEqual(3, batch.GetArrayLength());
    }

    [TestMethod]
    public async Task Texts_become_tokens_and_tokens_texts()
    {
        JsonElement tokens = await PostAsync("/tokenize", """{"model": "demo", "prompt": "Fear ye not"}""");
        int[] ids = [.. tokens.GetProperty("tokens").EnumerateArray().Select(id => id.GetInt32())];
        CollectionAssert.AreEqual(_server.Engine.Tokenizer!.Encode("Fear ye not", addSpecialTokens: true), ids);
        Assert.AreEqual(ids.Length, tokens.GetProperty("count").GetInt32());
        Assert.AreEqual(_server.Engine.Model.MaxContext, tokens.GetProperty("max_model_len").GetInt32());
        JsonElement plain = await PostAsync("/tokenize", """{"text": "Fear ye not", "add_special_tokens": false}""");
        Assert.AreEqual(ids.Length - 1, plain.GetProperty("count").GetInt32());
        JsonElement text = await PostAsync("/detokenize", $$"""{"tokens": [{{string.Join(',', ids)}}], "skip_special_tokens": true}""");
        Assert.AreEqual("Fear ye not", text.GetProperty("prompt").GetString());
        text = await PostAsync("/detokenize", $$"""{"tokens": [{{string.Join(',', ids)}}]}""");
        Assert.AreEqual("<|begin|>Fear ye not", text.GetProperty("prompt").GetString());
    }

    [TestMethod]
    [DataRow("/v1/chat/completions", "{", HttpStatusCode.BadRequest)]
    [DataRow("/v1/chat/completions", "[]", HttpStatusCode.BadRequest)]
    [DataRow("/v1/chat/completions", """{"messages": [{"role": "user", "content": "a"}]}""", HttpStatusCode.BadRequest)]
    [DataRow("/v1/chat/completions", """{"model": "other", "messages": [{"role": "user", "content": "a"}]}""", HttpStatusCode.NotFound)]
    [DataRow("/v1/chat/completions", """{"model": "demo", "messages": [{"role": "user", "content": "\ud83d"}]}""", HttpStatusCode.BadRequest)]
    [DataRow("/v1/chat/completions", """{"model": "demo", "messages": [{"role": "user", "content": "a"}], "logit_bias": {"99999": 1}}""", HttpStatusCode.BadRequest)]
    [DataRow("/v1/completions", """{"model": "demo", "prompt": [99999]}""", HttpStatusCode.BadRequest)]
    [DataRow("/v1/completions", """{"model": "demo", "prompt": [-1]}""", HttpStatusCode.BadRequest)]
    [DataRow("/generate", """{"text": "a", "input_ids": [1]}""", HttpStatusCode.BadRequest)]
    [DataRow("/detokenize", """{"tokens": [-5]}""", HttpStatusCode.BadRequest)]
    [DataRow("/nowhere", "{}", HttpStatusCode.NotFound)]
    [DataRow("/health", "{}", HttpStatusCode.MethodNotAllowed)]
    public async Task Errors_have_OpenAIs_shape(string path, string body, HttpStatusCode expected)
    {
        using HttpResponseMessage response = await _server.Client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));
        string text = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(expected, response.StatusCode, text);
        JsonElement error = JsonDocument.Parse(text).RootElement.GetProperty("error");
        CollectionAssert.AreEquivalent((string[])["message", "type", "param", "code"], error.EnumerateObject().Select(member => member.Name).ToArray());
        Assert.AreEqual("invalid_request_error", error.GetProperty("type").GetString());
    }

    [TestMethod]
    public async Task Other_media_types_are_refused()
    {
        using HttpResponseMessage response = await _server.Client.PostAsync("/v1/chat/completions", new StringContent("a=b", Encoding.UTF8, "application/x-www-form-urlencoded"));
        Assert.AreEqual(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
    }

    /// <summary>Where each token begins, the text goes on with it.</summary>
    private static void AssertOffsets(JsonElement logprobs, string text)
    {
        foreach ((JsonElement token, JsonElement offset) in logprobs.GetProperty("tokens").EnumerateArray().Zip(logprobs.GetProperty("text_offset").EnumerateArray()))
        {
            string piece = token.GetString()!;
            if (piece is not ("<|begin|>" or "<|end|>"))
                StringAssert.StartsWith(text[offset.GetInt32()..], piece);
        }
    }

    private static async Task<JsonElement> PostAsync(string path, string json) => JsonDocument.Parse(await PostTextAsync(path, json)).RootElement;

    private static async Task<List<JsonElement>> StreamAsync(string path, string json)
    {
        string[] events = (await PostTextAsync(path, json)).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.AreEqual("data: [DONE]", events[^1]);
        return [.. events[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement)];
    }

    private static async Task<string> PostTextAsync(string path, string json)
    {
        using HttpResponseMessage response = await _server.Client.PostAsync(path, new StringContent(json, Encoding.UTF8, "application/json"));
        string text = await response.Content.ReadAsStringAsync();
        Assert.AreEqual(HttpStatusCode.OK, response.StatusCode, text);
        return text;
    }
}

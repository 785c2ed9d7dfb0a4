using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm42.ChatTemplates;
using Llm42.Core.Engine;
using Llm42.Core.Requests;
using Llm42.Generation;
using Llm42.Models;
using Llm42.Native;
using Llm42.Testing;
using Llm42.Tokenization;

namespace Llm42.Server.Tests;

/// <summary>A server on a real socket whose model says what a test tells it, with the embedded model's tokenizer.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    public const string Hermes = """
        {{- bos_token -}}
        {%- if tools %}<tools>{{ tools | tojson }}</tools>Call with <tool_call>{"name": ..., "arguments": ...}</tool_call>{% endif -%}
        {%- for message in messages -%}
        <{{ message.role }}>{{ message.content if message.content is not none else "(none)" }}
        {%- if message.tool_calls %}{{ message.tool_calls | tojson }}{% endif -%}
        {%- if message.tool_call_id %}[{{ message.tool_call_id }}]{% endif -%}
        {%- if message.name %}({{ message.name }}){% endif -%}
        {%- endfor -%}
        {%- if add_generation_prompt -%}<assistant>{%- endif -%}
        {%- if enable_thinking is defined and not enable_thinking -%}<think></think>{%- endif -%}
        {%- if fails is defined -%}{{ raise_exception("not like this") }}{%- endif -%}
        {%- if breaks is defined -%}{{ nothing.at.all }}{%- endif -%}
        """;

    public const string Llama3 = """
        {%- if tools %}<|start_header_id|>Respond with {"name": function, "parameters": {...}} {{ tools | tojson }}{% endif -%}
        {%- for message in messages -%}<{{ message.role }}>{{ message.content }}{%- endfor -%}
        """;

    private const int EndToken = 1;

    private static readonly string[] AddedTokens = ["<tool_call>", "</tool_call>", "<|python_tag|>", "<|special|>"];

    private ScriptedServer(ScriptedExecutor executor, BpeTokenizer tokenizer, InferenceEngine engine, LlmServer server)
    {
        Executor = executor;
        Tokenizer = tokenizer;
        Engine = engine;
        Server = server;
        Client = new HttpClient { BaseAddress = new Uri(server.Addresses[0]) };
    }

    public ScriptedExecutor Executor { get; }

    public BpeTokenizer Tokenizer { get; }

    public InferenceEngine Engine { get; }

    public LlmServer Server { get; }

    public HttpClient Client { get; }

    public Uri Address => Client.BaseAddress!;

    /// <param name="template">The model's chat template.</param>
    /// <param name="specialTags">The tags of calls are special tokens.</param>
    /// <param name="options">Of the server.</param>
    public static async Task<ScriptedServer> StartAsync(string template = Hermes, bool specialTags = false, ServerOptions? options = null)
    {
        BpeTokenizer tokenizer = LoadTokenizer(specialTags);
        var executor = new ScriptedExecutor(tokenizer.VocabularySize, EndToken);
        var description = new ModelDescription("Scripted", "scripted", 1, 1, 1, 1, 1, tokenizer.VocabularySize, 1000, 0, "f32", 0);
        var chat = ChatTemplate.Parse("template", template, new Dictionary<string, string?> { ["bos_token"] = "<|begin|>" });
        var model = new LoadedModel(
            executor,
            tokenizer,
            new RequestBuilder(tokenizer, GenerationDefaults.None, new HashSet<int> { EndToken }),
            description,
            () => new EngineDescription(
                "none", "cpu", 1, 1, CpuIsa.Portable, "scripted", true, 16, 1024, 0, 0, 0,
                DeterminismMode.Auto, DrafterKind.None, new string('0', 64), new string('1', 64), null, new string('2', 64)))
        {
            ChatTemplate = () => chat,
        };
        var engine = new InferenceEngine(model, new EngineOptions { CheckIntegrity = true, PrefixCache = false });
        LlmServer server = await LlmServer.StartAsync(engine, (options ?? new ServerOptions()) with { ModelName = "demo", Port = 0, DefaultSeed = 5 });
        return new ScriptedServer(executor, tokenizer, engine, server);
    }

    /// <summary>Sets what the model answers from now on.</summary>
    public void Say(string text) => Executor.Script = Tokenizer.Encode(text, addSpecialTokens: false);

    /// <summary>Sends a chat and returns the status, and the body as JSON.</summary>
    public Task<(HttpStatusCode Status, JsonElement Body)> ChatAsync(string json) => PostAsync("/v1/chat/completions", json);

    public async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(string path, string json)
    {
        var (status, text) = await PostTextAsync(path, json);
        return (status, JsonDocument.Parse(text).RootElement);
    }

    public async Task<(HttpStatusCode Status, string Body)> PostTextAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using HttpResponseMessage response = await Client.PostAsync(path, content);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    /// <summary>Sends a streamed request and returns its events, the last of which must be the end.</summary>
    public async Task<List<JsonElement>> StreamAsync(string path, string json)
    {
        var (status, text) = await PostTextAsync(path, json);
        Assert.AreEqual(HttpStatusCode.OK, status, text);
        string[] events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.AreEqual("data: [DONE]", events[^1]);
        return [.. events[..^1].Select(line => JsonDocument.Parse(line["data: ".Length..]).RootElement)];
    }

    /// <summary>The prompt of the one request that ran since the last call.</summary>
    public string TakePrompt()
    {
        GenerationRequest request = Executor.TakeRequests().Single();
        return Tokenizer.Decode([.. request.PromptIds], skipSpecialTokens: false);
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        await Engine.DisposeAsync();
    }

    private static BpeTokenizer LoadTokenizer(bool specialTags)
    {
        JsonNode json = JsonNode.Parse(File.ReadAllBytes(RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel/tokenizer.json")))!;
        JsonArray added = json["added_tokens"]!.AsArray();
        int id = json["model"]!["vocab"]!.AsObject().Count;
        foreach (string token in AddedTokens)
        {
            JsonNode entry = added[0]!.DeepClone();
            entry["id"] = id++;
            entry["content"] = token;
            entry["special"] = specialTags || token.StartsWith("<|", StringComparison.Ordinal);
            added.Add(entry);
        }

        return TokenizerJson.Parse("tokenizer.json", Encoding.UTF8.GetBytes(json.ToJsonString()));
    }
}

using Llm42.Testing;

namespace Llm42.Server.Tests;

/// <summary>A server on a free port of a real socket, in front of the embedded model with a chat template.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private const string ChatTemplate = """
        {%- for message in messages -%}
        <{{ message.role }}>{{ message.content }}
        {% endfor -%}
        {%- if add_generation_prompt -%}<assistant>{%- endif -%}
        """;

    private readonly string _directory;

    private TestServer(string directory, InferenceEngine engine, LlmServer server)
    {
        _directory = directory;
        Engine = engine;
        Server = server;
        Client = new HttpClient { BaseAddress = new Uri(server.Addresses[0]) };
    }

    public InferenceEngine Engine { get; }

    public LlmServer Server { get; }

    public Uri Address => Client.BaseAddress!;

    public HttpClient Client { get; }

    /// <param name="options">Of the server; the port is always a free one.</param>
    /// <param name="engineOptions">Of the engine.</param>
    /// <param name="chatTemplate">The model's template; empty for a model without one.</param>
    /// <param name="clock">For deadlines, rate limits and the end of a drain.</param>
    /// <param name="prepare">Changes the model's files before they are loaded.</param>
    public static async Task<TestServer> StartAsync(
        ServerOptions? options = null, InferenceEngineOptions? engineOptions = null, string chatTemplate = ChatTemplate,
        TimeProvider? clock = null, Action<string>? prepare = null)
    {
        string directory = Directory.CreateTempSubdirectory("llm42-test-").FullName;
        try
        {
            foreach (string file in Directory.EnumerateFiles(RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel"), "*.json")
                .Append(RepositoryRoot.InRoot("src/Llm42.Cli/DemoModel/model.safetensors")))
                File.Copy(file, Path.Combine(directory, Path.GetFileName(file)));
            if (chatTemplate.Length > 0)
                await File.WriteAllTextAsync(Path.Combine(directory, "chat_template.jinja"), chatTemplate);
            prepare?.Invoke(directory);
            InferenceEngine engine = await InferenceEngine.LoadAsync(directory, engineOptions);
            try
            {
                var server = await LlmServer.StartAsync(
                    engine, (options ?? new ServerOptions()) with { Port = 0, ModelName = "demo" }, clock ?? TimeProvider.System, CancellationToken.None);
                return new TestServer(directory, engine, server);
            }
            catch
            {
                await engine.DisposeAsync();
                throw;
            }
        }
        catch
        {
            Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await Server.DisposeAsync();
        await Engine.DisposeAsync();
        Directory.Delete(_directory, recursive: true);
    }
}

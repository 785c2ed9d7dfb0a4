using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm42.Cli.Remote;

namespace Llm42.Cli.Options;

/// <summary>Which server is asked: the options of every command that asks one.</summary>
internal sealed class RemoteFlags
{
    private const float DefaultTimeout = 600;

    private static readonly Dictionary<string, RemoteEndpoint> Endpoints = new()
    {
        ["completions"] = RemoteEndpoint.Completions,
        ["chat"] = RemoteEndpoint.Chat,
    };

    private readonly Option<string?> _baseUrl = Flag.Text(
        "--base-url", "URL", "A server with OpenAI's API, such as http://127.0.0.1:8000 or https://host/v1.");

    private readonly Option<string?> _model = Flag.Text("--model", "NAME", "Which of the server's models (default: the first that it lists).");

    private readonly Option<RemoteEndpoint?> _endpoint = Flag.Choice(
        "--endpoint", "What of the server is asked: completions or chat/completions (default completions).", Endpoints);

    private readonly Option<string?> _apiKeyFile = Flag.Text(
        "--api-key-file", "FILE", "A file whose first line is the API key.");

    private readonly Option<string?> _apiKeyVariable = Flag.Text(
        "--api-key-env", "NAME", $"The environment variable that holds the API key (default {ServerFlags.ApiKeyVariable}).");

    private readonly Option<string?> _extraBody = Flag.Text(
        "--extra-body", "JSON", "An object whose fields every request bears, before our own; null leaves a field out.");

    private readonly Option<float?> _timeout = Flag.Real(
        "--timeout", $"Seconds that an answer may take (default {DefaultTimeout}).", 0.001f, 86400);

    /// <summary>Only there to be refused without being repeated: other users of the machine can read command lines.</summary>
    private readonly Option<string?> _apiKey = new("--api-key")
    {
        Hidden = true,
        CustomParser = result =>
        {
            result.AddError($"a key does not belong on the command line; use --api-key-file, or {ServerFlags.ApiKeyVariable} in the environment.");
            return null;
        },
    };

    public IReadOnlyList<Option> All => [_baseUrl, _model, _endpoint, _apiKeyFile, _apiKeyVariable, _extraBody, _timeout];

    public void AddTo(Command command)
    {
        foreach (Option option in All.Append(_apiKey))
            command.Add(option);
    }

    /// <summary>The command line names a server.</summary>
    public bool IsAskedFor(ParseResult parsed) => parsed.GetValue(_baseUrl) is not null;

    public RemoteOptions Read(ParseResult parsed) => new()
    {
        Address = ServerAddress.Parse(parsed.GetValue(_baseUrl)
            ?? throw new UsageException("no server is given; name one with --base-url http://127.0.0.1:8000.")),
        ApiKey = ReadKey(parsed),
        Model = parsed.GetValue(_model),
        Endpoint = parsed.GetValue(_endpoint) ?? RemoteEndpoint.Completions,
        ExtraBody = ReadObject(_extraBody.Name, parsed.GetValue(_extraBody)),
        Timeout = TimeSpan.FromSeconds(parsed.GetValue(_timeout) ?? DefaultTimeout),
    };

    /// <summary>The JSON object of an option; null where it is not given.</summary>
    public static JsonObject? ReadObject(string option, string? text)
    {
        if (text is null)
            return null;
        try
        {
            return JsonNode.Parse(text) as JsonObject ?? throw new UsageException($"{option} must be a JSON object, such as {{\"top_p\": 0.9}}.");
        }
        catch (JsonException error)
        {
            throw new UsageException($"{option} is no JSON: {error.Message}");
        }
    }

    private string? ReadKey(ParseResult parsed)
    {
        string? file = parsed.GetValue(_apiKeyFile);
        string? variable = parsed.GetValue(_apiKeyVariable);
        if (file is not null && variable is not null)
            throw new UsageException("--api-key-file and --api-key-env are both given; give one of them.");
        if (file is not null)
        {
            return File.ReadLines(file).Select(line => line.Trim()).FirstOrDefault(line => line.Length > 0)
                ?? throw new UsageException($"--api-key-file {file} holds no key.");
        }

        // Several keys, as a server may have them: any will do.
        string? key = Environment.GetEnvironmentVariable(variable ?? ServerFlags.ApiKeyVariable)?.Split(',')[0].Trim();
        if (variable is not null && string.IsNullOrEmpty(key))
            throw new UsageException($"--api-key-env names {variable}, which the environment does not have.");
        return string.IsNullOrEmpty(key) ? null : key;
    }
}

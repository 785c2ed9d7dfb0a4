using System.CommandLine;
using Llm42.Server;

namespace Llm42.Cli.Options;

/// <summary>Where a server listens, whom it serves and how much it takes on.</summary>
internal sealed class ServerFlags
{
    /// <summary>Holds an API key, or several separated by commas.</summary>
    public const string ApiKeyVariable = "LLM42_API_KEY";

    private static readonly ServerOptions Defaults = new();

    private readonly Option<string?> _host = Flag.Text("--host", "ADDRESS", $"Address to listen on (default {Defaults.Host}).");

    private readonly Option<int?> _port = Flag.Integer("--port", $"Port; 0: any that is free (default {Defaults.Port}).", 0, 65535);

    private readonly Option<string?> _modelName = Flag.Text(
        "--served-model-name", "NAME", "What clients call the model (default: the name of its directory).");

    private readonly Option<bool> _deterministic = Flag.Switch(
        "--deterministic-default", "Requests that say nothing of determinism are deterministic.");

    private readonly Option<ulong?> _seed = Flag.Seed(
        "--random-seed", "Seed of requests that name none (default: 0 for deterministic ones, drawn for others).");

    private readonly Option<string?> _apiKeyFile = Flag.Text(
        "--api-key-file", "FILE", $"API keys, one a line; requests must bear one. {ApiKeyVariable} in the environment does the same.");

    private readonly Option<int?> _requestsPerMinute = Flag.Integer(
        "--requests-per-minute", "Requests that each API key may make in a minute; 0: any number (default).", 0, int.MaxValue);

    private readonly Option<bool> _insecure = Flag.Switch(
        "--insecure", "Listen on addresses that other machines can reach without asking for an API key.");

    private readonly Option<int?> _maxBody = Flag.Integer(
        "--max-body", $"Most KiB of a request (default {Defaults.MaxBodyBytes >> 10}).", 1, 1 << 20);

    private readonly Option<float?> _requestTimeout = Flag.Real(
        "--request-timeout", $"Seconds that a request may take; 0: any number (default {Defaults.RequestTimeout.TotalSeconds}).", 0, 1e6f);

    private readonly Option<float?> _drainTimeout = Flag.Real(
        "--drain-timeout", $"Seconds that running requests are given when the server is told to stop (default {Defaults.DrainTimeout.TotalSeconds}).", 0, 1e6f);

    private readonly Option<string[]?> _origins = new("--cors-origin")
    {
        Description = "An origin whose web pages may call; may be given more than once (default: none).",
        HelpName = "ORIGIN",
    };

    private readonly Option<bool> _noPage = Flag.Switch("--no-page", "Do not serve the web page at /.");

    public void AddTo(Command command)
    {
        Option[] all =
        [
            _host, _port, _modelName, _deterministic, _seed, _apiKeyFile, _requestsPerMinute, _insecure, _maxBody, _requestTimeout,
            _drainTimeout, _origins, _noPage,
        ];
        foreach (Option option in all)
            command.Add(option);
    }

    public ServerOptions Read(ParseResult parsed, string modelName) => Defaults with
    {
        Host = parsed.GetValue(_host) ?? Defaults.Host,
        Port = parsed.GetValue(_port) ?? Defaults.Port,
        ModelName = parsed.GetValue(_modelName) ?? modelName,
        IsDeterministicByDefault = parsed.GetValue(_deterministic),
        DefaultSeed = parsed.GetValue(_seed),
        ApiKeys = ReadKeys(parsed.GetValue(_apiKeyFile)),
        RequestsPerMinute = parsed.GetValue(_requestsPerMinute) ?? Defaults.RequestsPerMinute,
        IsInsecure = parsed.GetValue(_insecure),
        MaxBodyBytes = parsed.GetValue(_maxBody) is { } kibibytes ? kibibytes << 10 : Defaults.MaxBodyBytes,
        RequestTimeout = parsed.GetValue(_requestTimeout) is { } request ? TimeSpan.FromSeconds(request) : Defaults.RequestTimeout,
        DrainTimeout = parsed.GetValue(_drainTimeout) is { } drain ? TimeSpan.FromSeconds(drain) : Defaults.DrainTimeout,
        AllowedOrigins = parsed.GetValue(_origins) ?? Defaults.AllowedOrigins,
        ServesPage = !parsed.GetValue(_noPage),
    };

    private static string[] ReadKeys(string? file)
    {
        IEnumerable<string> keys = file is null ? [] : File.ReadLines(file);
        if (Environment.GetEnvironmentVariable(ApiKeyVariable) is { } variable)
            keys = keys.Concat(variable.Split(','));
        string[] read = [.. keys.Select(key => key.Trim()).Where(key => key.Length > 0)];
        return file is not null && read.Length == 0
            ? throw new UsageException($"--api-key-file {file} holds no key; write one on a line.")
            : read;
    }
}

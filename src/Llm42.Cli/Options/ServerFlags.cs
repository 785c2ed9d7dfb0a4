using System.CommandLine;
using Llm42.Core.Engine;
using Llm42.Server;
using Microsoft.Extensions.Logging;

namespace Llm42.Cli.Options;

/// <summary>Where a server listens, whom it serves and how much it takes on.</summary>
internal sealed class ServerFlags
{
    /// <summary>Holds an API key, or several separated by commas.</summary>
    public const string ApiKeyVariable = "LLM42_API_KEY";

    private static readonly ServerOptions Defaults = new();
    private static readonly EngineOptions EngineDefaults = new();

    private static readonly Dictionary<string, LogLevel> LogLevels = new()
    {
        ["debug"] = LogLevel.Debug,
        ["information"] = LogLevel.Information,
        ["warning"] = LogLevel.Warning,
        ["error"] = LogLevel.Error,
        ["none"] = LogLevel.None,
    };

    private static readonly Dictionary<string, LogFormat> LogFormats = new() { ["text"] = LogFormat.Text, ["json"] = LogFormat.Json };

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
        "--requests-per-minute", "Requests that each API key, or all clients where there is none, may make in a minute; 0: any number (default).", 0, 1_000_000);

    private readonly Option<bool> _insecure = Flag.Switch(
        "--insecure", "Listen on addresses that other machines can reach without asking for an API key.");

    private readonly Option<int?> _maxBody = Flag.Integer(
        "--max-body", $"Most KiB of a request (default {Defaults.MaxBodyBytes >> 10}).", 1, 1 << 20);

    private readonly Option<int?> _maxHeaders = Flag.Integer(
        "--max-headers", $"Most KiB of a request's headers (default {Defaults.MaxHeaderBytes >> 10}).", 1, 1024);

    private readonly Option<int?> _maxConnections = Flag.Integer(
        "--max-connections", $"Connections at once; further ones are closed (default {Defaults.MaxConnections}).", 1, 1_000_000);

    private readonly Option<float?> _headerTimeout = Flag.Real(
        "--header-timeout", $"Seconds that the headers of a request may take to arrive (default {Defaults.HeaderTimeout.TotalSeconds}).", 0.1f, 1e6f);

    private readonly Option<float?> _minDataRate = Flag.Real(
        "--min-data-rate",
        $"Bytes per second at which clients must send a request and read an answer that is there; slower ones are cut off; 0: any (default {Defaults.MinDataRate}).",
        0, 1e9f);

    private readonly Option<float?> _dataRateGrace = Flag.Real(
        "--data-rate-grace", $"Seconds that a client may be slower than that (default {Defaults.DataRateGrace.TotalSeconds}).", 1.1f, 1e6f);

    private readonly Option<int?> _maxRunning = Flag.Integer(
        "--max-running-requests", $"Requests that run at once; further ones wait (default {EngineDefaults.MaxSequences}).", 1, 65536);

    private readonly Option<int?> _maxQueue = Flag.Integer(
        "--max-queued-requests", $"Requests that may wait; one more is answered 429 (default {EngineDefaults.QueueCapacity}).", 1, int.MaxValue);

    private readonly Option<LogLevel?> _logLevel = Flag.Choice(
        "--log-level", "What is logged on standard error; information has a line for each request, without its text (default information).", LogLevels);

    private readonly Option<LogFormat?> _logFormat = Flag.Choice("--log-format", "How it is logged (default text).", LogFormats);

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
            _host, _port, _modelName, _deterministic, _seed, _apiKeyFile, _requestsPerMinute, _insecure, _maxRunning, _maxQueue, _requestTimeout,
            _drainTimeout, _maxBody, _maxHeaders, _maxConnections, _headerTimeout, _minDataRate, _dataRateGrace, _logLevel, _logFormat, _origins,
            _noPage,
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
        MaxHeaderBytes = parsed.GetValue(_maxHeaders) is { } headers ? headers << 10 : Defaults.MaxHeaderBytes,
        MaxConnections = parsed.GetValue(_maxConnections) ?? Defaults.MaxConnections,
        HeaderTimeout = parsed.GetValue(_headerTimeout) is { } header ? TimeSpan.FromSeconds(header) : Defaults.HeaderTimeout,
        MinDataRate = parsed.GetValue(_minDataRate) ?? Defaults.MinDataRate,
        DataRateGrace = parsed.GetValue(_dataRateGrace) is { } grace ? TimeSpan.FromSeconds(grace) : Defaults.DataRateGrace,
        LogLevel = parsed.GetValue(_logLevel) ?? LogLevel.Information,
        LogFormat = parsed.GetValue(_logFormat) ?? Defaults.LogFormat,
        Configuration = parsed.GetValue(OptionSources.Config) is { } file ? ConfigurationFile.Read(file).Kestrel : null,
        RequestTimeout = parsed.GetValue(_requestTimeout) is { } request ? TimeSpan.FromSeconds(request) : Defaults.RequestTimeout,
        DrainTimeout = parsed.GetValue(_drainTimeout) is { } drain ? TimeSpan.FromSeconds(drain) : Defaults.DrainTimeout,
        AllowedOrigins = parsed.GetValue(_origins) ?? Defaults.AllowedOrigins,
        ServesPage = !parsed.GetValue(_noPage),
    };

    /// <summary>The engine's share of the options.</summary>
    public InferenceEngineOptions Read(ParseResult parsed, InferenceEngineOptions engine)
    {
        int running = parsed.GetValue(_maxRunning) ?? engine.Engine.MaxSequences;
        return engine with
        {
            Engine = engine.Engine with
            {
                MaxSequences = running,
                MaxBatchTokens = Math.Max(engine.Engine.MaxBatchTokens, running + engine.Engine.Window + 1),
                QueueCapacity = parsed.GetValue(_maxQueue) ?? engine.Engine.QueueCapacity,
            },
        };
    }

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

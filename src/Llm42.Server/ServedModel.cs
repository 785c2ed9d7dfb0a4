using Llm42.Server.Operation;

namespace Llm42.Server;

/// <summary>The model that a server answers with.</summary>
internal sealed class ServedModel
{
    private const int FingerprintDigits = 16;

    public ServedModel(InferenceEngine engine, ServerOptions options, TimeProvider clock)
    {
        Engine = engine;
        Options = options;
        Clock = clock;
        State = new ServerState(clock);
        RetryAdvice = new RetryAdvice(clock);
        Name = options.ModelName ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(engine.Model.Directory));
        Created = clock.GetUtcNow().ToUnixTimeSeconds();
        var description = engine.Engine;
        SystemFingerprint = $"llm42-{EngineVersion.Current}-{description.Fingerprint[..FingerprintDigits]}";
        NumericsProfile = description.NumericsProfile;
    }

    public InferenceEngine Engine { get; }

    public ServerOptions Options { get; }

    public TimeProvider Clock { get; }

    /// <summary>Whether requests are taken, and how many are served.</summary>
    public ServerState State { get; }

    /// <summary>When a request that found the queue full may come again.</summary>
    public RetryAdvice RetryAdvice { get; }

    /// <summary>What clients call it.</summary>
    public string Name { get; }

    /// <summary>When the server started with it, in seconds since 1970.</summary>
    public long Created { get; }

    /// <summary>
    /// Names the engine's version and everything that a deterministic answer depends on beside the request: weights,
    /// tokenizer, configuration, numerics profile.
    /// </summary>
    public string SystemFingerprint { get; }

    public string NumericsProfile { get; }
}

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
        Name = options.ModelName ?? Path.GetFileName(Path.TrimEndingDirectorySeparator(engine.Model.Directory));
        Created = clock.GetUtcNow().ToUnixTimeSeconds();
        var description = engine.Engine;
        SystemFingerprint = $"llm42-{EngineVersion.Current}-{description.Fingerprint[..FingerprintDigits]}";
        NumericsProfile = description.NumericsProfile;
    }

    public InferenceEngine Engine { get; }

    public ServerOptions Options { get; }

    public TimeProvider Clock { get; }

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

using Llm42.Core.Execution;
using Llm42.Generation;
using Llm42.ModelFiles;
using Llm42.Models;
using Llm42.Native;
using Llm42.Runtime;
using Llm42.Tokenization;
using Llm42.Weights;

namespace Llm42.Inspection;

/// <summary>
/// What a model directory holds and what it takes to run it: read from the configuration and the headers of the weights,
/// without loading them. Only <see cref="ComputeFingerprintAsync"/> reads the weights themselves.
/// </summary>
public sealed class ModelInspection : IDisposable
{
    private readonly ModelFileSet _files;
    private readonly IWeightSource _source;
    private readonly Tensor[] _tensors;
    private readonly ModelConfig _config;
    private readonly GenerationDefaults _defaults;
    private readonly EosTokens _endTokens;
    private readonly BpeTokenizer? _tokenizer;

    private ModelInspection(string path, InferenceEngineOptions options)
    {
        options.Engine.Validate();
        var executorOptions = EngineLoader.ExecutorOptionsOf(options, EngineLoader.ParseKvDtype(options.KvDtype));
        _files = ModelFileSet.Open(path);
        try
        {
            (var architecture, _config) = ModelConfigReader.Read(_files.Config);
            _defaults = GenerationDefaults.Read(
                _files.GenerationConfig, _config.VocabularySize, onlyEosTokens: !options.UseGenerationDefaults);
            _tokenizer = EngineLoader.LoadTokenizer(_files);
            _endTokens = EosTokens.Find(_defaults, _config, EngineLoader.LoadTokenizerConfig(_files), _tokenizer);
            var spec = architecture.Describe(_config);
            _source = _files.OpenWeights();
            spec.Check(_source);
            _tensors = [.. spec.Tensors.Select(tensor => tensor.In(_source))];
            using var device = NativeDevice.Open(EngineLoader.DeviceOptionsOf(options));
            var info = device.Info;
            (Memory, var kv) = MemoryInspection.Of(_config, spec, _source, executorOptions, info);
            var context = options.MaxContext == 0 ? _config.MaxContext : options.MaxContext;
            Model = ModelDescription.Of(path, _config, spec, _tensors, context);
            Device = Describe(info, executorOptions, options, kv, _config);
        }
        catch
        {
            Dispose();
            throw;
        }
        Tokenizer = _tokenizer is null ? null : Describe(_tokenizer);
        Defaults = Describe(options.UseGenerationDefaults);
        WeightFiles = _source.Tensors.Values.Select(tensor => tensor.File).Distinct(StringComparer.Ordinal).Count();
        HasChatTemplate = EngineLoader.HasChatTemplate(_files);
    }

    /// <summary>The model.</summary>
    public ModelDescription Model { get; }

    /// <summary>How its weights are stored: "safetensors" or "gguf".</summary>
    public string Format => _files.Format;

    /// <summary>In how many files.</summary>
    public int WeightFiles { get; }

    /// <summary>Its tokenizer; null if the directory has none.</summary>
    public TokenizerDescription? Tokenizer { get; }

    /// <summary>The directory says how a chat becomes a prompt.</summary>
    public bool HasChatTemplate { get; }

    /// <summary>What holds where a request is silent.</summary>
    public DefaultsDescription Defaults { get; }

    /// <summary>What it takes of the device's memory.</summary>
    public MemoryDescription Memory { get; }

    /// <summary>What it would run on.</summary>
    public DeviceDescription Device { get; }

    /// <summary>Reads a model's files and asks the device.</summary>
    /// <param name="modelPath">A directory in Hugging Face's layout, or a GGUF file.</param>
    /// <param name="options">Device, sizes and policy of the engine that would load it.</param>
    /// <exception cref="ModelFormatException">A file is missing, malformed or not supported.</exception>
    /// <exception cref="ArgumentException">An option is out of range.</exception>
    /// <exception cref="NativeException">The device cannot be had.</exception>
    public static ModelInspection Open(string modelPath, InferenceEngineOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(modelPath);
        return new ModelInspection(modelPath, options ?? new InferenceEngineOptions());
    }

    /// <summary>Reads all weights, once, and computes what names them.</summary>
    /// <param name="progress">Told about the weights as they are read.</param>
    /// <param name="cancellationToken">Ends it; dispose of this only afterwards.</param>
    /// <exception cref="ModelFormatException">A file cannot be read, or changed.</exception>
    public Task<ModelFingerprint> ComputeFingerprintAsync(
        IProgress<LoadProgress>? progress = null, CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            var weights = WeightDigest.Compute(_tensors, cancellationToken, progress);
            return new ModelFingerprint(
                Fingerprint.Of(weights, _config, _defaults, _endTokens.Ids, _tokenizer?.Fingerprint, Device.NumericsProfile),
                Convert.ToHexStringLower(weights),
                _tokenizer?.Fingerprint,
                _files.ConfigDigest);
        },
        cancellationToken);

    /// <summary>Closes the files.</summary>
    public void Dispose()
    {
        _source?.Dispose();
        _files.Dispose();
    }

    private static DeviceDescription Describe(
        NativeDeviceInfo device, ExecutorOptions sizes, InferenceEngineOptions options, KvCacheSizing kv, ModelConfig config)
    {
        var executor = new ExecutorInfo(
            config.VocabularySize, kv.MaxContext, sizes.PageSize, kv.Pages, device.FastIsInvariant, NativeModelExecutor.ProfileOf(device, sizes));
        return new DeviceDescription(
            device.Name,
            device.Backend,
            device.Threads,
            device.PlannedThreads,
            device.Isa,
            executor.NumericsProfile,
            device.FastIsInvariant,
            sizes.PageSize,
            kv.Pages,
            options.Engine.ResolveDeterminism(executor),
            options.Engine.ResolveDrafter(executor));
    }

    private static TokenizerDescription Describe(BpeTokenizer tokenizer) => new(
        "BPE", tokenizer.VocabularySize, Enumerable.Range(0, tokenizer.VocabularySize).Count(tokenizer.IsSpecial));

    private DefaultsDescription Describe(bool isUsed) => new(
        isUsed && _files.GenerationConfig is not null ? NameOf(GenerationDefaults.FileName) : null,
        _defaults.Temperature,
        _defaults.TopP,
        _defaults.TopK,
        _defaults.MinP,
        _defaults.RepetitionPenalty,
        _defaults.MaxNewTokens,
        _defaults.MaxLength,
        _defaults.StopStrings,
        [.. _endTokens.Ids.Order().Select(id => new EndToken(id, _tokenizer?.IdToToken(id)))],
        _endTokens.Source is null ? null : NameOf(_endTokens.Source));

    private string NameOf(string file) => Path.GetFileName(_files.PlaceOf(file));
}

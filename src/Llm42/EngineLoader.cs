using Llm42.ChatTemplates;
using Llm42.Core.Engine;
using Llm42.Core.Profiling;
using Llm42.Generation;
using Llm42.ModelFiles;
using Llm42.Models;
using Llm42.Native;
using Llm42.PackedWeights;
using Llm42.Runtime;
using Llm42.Tokenization;
using Llm42.Weights;

namespace Llm42;

/// <summary>Reads the files of a model and brings it onto a device.</summary>
internal static class EngineLoader
{
    /// <summary>Loads what an engine needs; the caller owns the executor.</summary>
    public static LoadedModel Load(
        string path, InferenceEngineOptions options, IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        options.Engine.Validate();
        if (options.Profile && options.Backend != "cpu")
            throw new ArgumentException(
                $"Profile needs the cpu backend, and Backend is \"{options.Backend}\", whose operators run on when they return: what they take cannot be seen from the host. Leave Profile out.");
        var profiler = options.Profile ? new StepProfiler() : null;
        var executorOptions = ExecutorOptionsOf(options, ParseKvDtype(options.KvDtype)) with { Profiler = profiler };
        RefuseWeightCache(options);
        using var files = ModelFileSet.Open(path);
        var (architecture, config) = ModelConfigReader.Read(files.Config);
        var configDigest = files.ConfigDigest;
        var defaults = GenerationDefaults.Read(files.GenerationConfig, config.VocabularySize, onlyEosTokens: !options.UseGenerationDefaults);
        var tokenizer = LoadTokenizer(files);
        var eosTokenIds = EosTokens.Find(defaults, config, LoadTokenizerConfig(files), tokenizer).Ids;
        var spec = architecture.Describe(config);
        using var source = files.OpenWeights();
        spec.Check(source);
        var tensors = spec.Tensors.Select(tensor => tensor.In(source)).ToArray();

        // The digest reads along with the packing; both must have let go of the files before they are closed.
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var digest = Task.Run(() => WeightDigest.Compute(tensors, abandon.Token), CancellationToken.None);
        using var cache = options.WeightCache is null
            ? null
            : PackedWeightCache.Open(options.WeightCache, path, executorOptions, options.Threads == 0 ? Environment.ProcessorCount : options.Threads);
        NativeModelExecutor? executor = null;
        try
        {
            if (cache is { IsThere: true })
                executor = LoadCached(cache);
            executor ??= LoadExecutor();
            var weightsDigest = digest.GetAwaiter().GetResult();
            if (cache is { IsThere: false })
                cache.Write(weightsDigest, cancellation);
            var fingerprint = Fingerprint.Of(
                weightsDigest, config, defaults, eosTokenIds, tokenizer?.Fingerprint, executor.Info.NumericsProfile);
            var digests = new ModelDigests(Convert.ToHexStringLower(weightsDigest), tokenizer?.Fingerprint, configDigest);
            var (loaded, use) = (executor, cache?.Use);
            return new LoadedModel(
                executor,
                tokenizer,
                new RequestBuilder(tokenizer, defaults, eosTokenIds, executor.Info.VocabularySize),
                ModelDescription.Of(path, config, spec, tensors, executor.Info.MaxContext),
                () => DescribeEngine(loaded, options.Engine, fingerprint, digests) with { WeightCache = use })
            {
                ChatTemplate = LoadChatTemplate(files),
                Profiler = profiler,
            };
        }
        catch
        {
            executor?.Dispose();
            abandon.Cancel();
            ((IAsyncResult)digest).AsyncWaitHandle.WaitOne();
            throw;
        }

        NativeModelExecutor LoadExecutor() => new(
            NativeDevice.Open(DeviceOptionsOf(options)), config, spec, source, executorOptions, cache, progress, cancellation);

        // The weights are used only when all of them were sound and the digest, which is computed meanwhile, is theirs.
        NativeModelExecutor? LoadCached(PackedWeightCache file)
        {
            NativeModelExecutor? cached = null;
            try
            {
                cached = LoadExecutor();
                if (file.Accept(digest.GetAwaiter().GetResult()))
                    return cached;
            }
            catch (PackedFileException error)
            {
                file.Refuse(error.Message);
            }
            catch
            {
                cached?.Dispose();
                throw;
            }
            cached?.Dispose();
            return null;
        }
    }

    internal static NativeDeviceOptions DeviceOptionsOf(InferenceEngineOptions options) => new()
    {
        Backend = options.Backend,
        Ordinal = options.DeviceOrdinal,
        Threads = options.Threads,
        PlannedThreads = options.PlannedThreads,
        Isa = options.Isa,
        MemoryLimit = options.MemoryLimit,
        FailCall = options.FailCall,
    };

    internal static DType ParseKvDtype(string name) => name switch
    {
        "bf16" => DType.Bf16,
        "f32" => DType.F32,
        _ => throw new ArgumentException($"KvDtype is \"{name}\"; it must be \"bf16\" or \"f32\"."),
    };

    internal static ExecutorOptions ExecutorOptionsOf(InferenceEngineOptions options, DType kvType) => new()
    {
        KvType = kvType,
        HasInt8Weights = HasInt8Weights(options),
        HasInt8Drafts = options.Engine.Drafter == DrafterKind.Int8Weights,
        PageSize = options.PageSize,
        KvPages = options.KvPages,
        MaxContext = options.MaxContext,
        UseGraphs = options.UseGraphs,
        MaxSequences = options.Engine.MaxSequences,
        MaxBatchTokens = options.Engine.MaxBatchTokens,
    };

    private static void RefuseWeightCache(InferenceEngineOptions options)
    {
        if (options.WeightCache is { } folder && options.Backend != "cpu")
            throw new ArgumentException(
                $"WeightCache is \"{folder}\", but backend \"{options.Backend}\" keeps weights where the host does not reach them; leave it out.");
        if (options.WeightCache is "")
            throw new ArgumentException("WeightCache is empty; it must name a folder, or be null for none.");
    }

    private static bool HasInt8Weights(InferenceEngineOptions options) => options.WeightFormat switch
    {
        "original" => false,
        "int8" when options.Engine.Drafter == DrafterKind.Int8Weights => throw new ArgumentException(
            "Drafter is Int8Weights, but WeightFormat is \"int8\": drafts would come from the weights that verify them. Make the drafter Same, Ngram or None."),
        "int8" => true,
        _ => throw new ArgumentException($"WeightFormat is \"{options.WeightFormat}\"; it must be \"original\" or \"int8\"."),
    };

    internal static BpeTokenizer? LoadTokenizer(ModelFileSet files) => Read(files.LoadTokenizer);

    internal static TokenizerConfig LoadTokenizerConfig(ModelFileSet files) => Read(files.LoadTokenizerConfig);

    internal static bool HasChatTemplate(ModelFileSet files) => Read(() => files.HasChatTemplate);

    // A template that cannot be used is an error of whoever wants to use it, not of the model's other users.
    private static Func<ChatTemplate?> LoadChatTemplate(ModelFileSet files)
    {
        try
        {
            var template = Read(() => files.LoadChatTemplate());
            return () => template;
        }
        catch (Exception error) when (error is ChatTemplateException or ModelFormatException)
        {
            return () => throw new InvalidOperationException($"The model's chat template cannot be used: {error.Message}", error);
        }
    }

    private static T Read<T>(Func<T> read)
    {
        try
        {
            return read();
        }
        catch (TokenizerFormatException error)
        {
            throw Wrap(error);
        }
    }

    private static ModelFormatException Wrap(TokenizerFormatException error)
    {
        var prefix = $"{error.File}: ";
        var problem = error.Message.StartsWith(prefix, StringComparison.Ordinal) ? error.Message[prefix.Length..] : error.Message;
        return new ModelFormatException(error.File, problem, error);
    }

    private static EngineDescription DescribeEngine(
        NativeModelExecutor executor, EngineOptions options, string fingerprint, ModelDigests digests)
    {
        var (info, device) = (executor.Info, executor.DeviceInfo);
        return new EngineDescription(
            device.Name,
            device.Backend,
            device.Threads,
            device.PlannedThreads,
            device.Isa,
            info.NumericsProfile,
            info.FastIsInvariant,
            info.PageSize,
            info.PageCount,
            executor.Kv.Bytes,
            device.MemoryAllocated,
            device.MemoryPeak,
            options.ResolveDeterminism(info),
            options.ResolveDrafter(info),
            fingerprint,
            digests.Weights,
            digests.Tokenizer,
            digests.Config);
    }

    /// <summary>Digests of a model's files.</summary>
    private sealed record ModelDigests(string Weights, string? Tokenizer, string Config);
}

using Llm42.Core.Engine;
using Llm42.Generation;
using Llm42.ModelFiles;
using Llm42.Models;
using Llm42.Native;
using Llm42.Runtime;
using Llm42.Tokenization;
using Llm42.Weights;

namespace Llm42;

/// <summary>Reads the files of a model and brings it onto a device.</summary>
internal static class EngineLoader
{
    /// <summary>Loads what an engine needs; the caller owns the executor.</summary>
    public static LoadedModel Load(
        string path, LlmEngineOptions options, IProgress<LoadProgress>? progress, CancellationToken cancellation)
    {
        options.Engine.Validate();
        var kvType = ParseKvDtype(options.KvDtype);
        using var files = ModelFileSet.Open(path);
        var (architecture, config) = ModelConfigReader.Read(files.Config);
        var configDigest = files.ConfigDigest;
        var defaults = GenerationDefaults.Read(files.GenerationConfig, config.VocabularySize);
        var tokenizer = LoadTokenizer(files);
        var eosTokenIds = FindEosTokens(files, config, defaults, tokenizer);
        var spec = architecture.Describe(config);
        using var source = files.OpenWeights();
        spec.Check(source);
        var tensors = spec.Tensors.Select(tensor => tensor.In(source)).ToArray();

        // The digest reads along with the packing; both must have let go of the files before they are closed.
        using var abandon = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var digest = Task.Run(() => WeightDigest.Compute(tensors, abandon.Token), CancellationToken.None);
        NativeModelExecutor? executor = null;
        try
        {
            var device = NativeDevice.Open(new NativeDeviceOptions
            {
                Backend = options.Backend,
                Ordinal = options.DeviceOrdinal,
                Threads = options.Threads,
                PlannedThreads = options.PlannedThreads,
                Isa = options.Isa,
                MemoryLimit = options.MemoryLimit,
                FailCall = options.FailCall,
            });
            executor = new NativeModelExecutor(
                device, config, spec, source, ExecutorOptionsOf(options, kvType), progress, cancellation);
            var weightsDigest = digest.GetAwaiter().GetResult();
            var fingerprint = Fingerprint.Of(
                weightsDigest, config, defaults, eosTokenIds, tokenizer?.Fingerprint, executor.Info.NumericsProfile);
            var digests = new ModelDigests(Convert.ToHexStringLower(weightsDigest), tokenizer?.Fingerprint, configDigest);
            var loaded = executor;
            return new LoadedModel(
                executor,
                tokenizer,
                new RequestBuilder(tokenizer, defaults, eosTokenIds),
                DescribeModel(path, config, executor, tensors),
                () => DescribeEngine(loaded, options.Engine, fingerprint, digests));
        }
        catch
        {
            executor?.Dispose();
            abandon.Cancel();
            ((IAsyncResult)digest).AsyncWaitHandle.WaitOne();
            throw;
        }
    }

    private static DType ParseKvDtype(string name) => name switch
    {
        "bf16" => DType.Bf16,
        "f32" => DType.F32,
        _ => throw new ArgumentException($"KvDtype is \"{name}\"; it must be \"bf16\" or \"f32\"."),
    };

    private static ExecutorOptions ExecutorOptionsOf(LlmEngineOptions options, DType kvType) => new()
    {
        KvType = kvType,
        PageSize = options.PageSize,
        KvPages = options.KvPages,
        MaxContext = options.MaxContext,
        UseGraphs = options.UseGraphs,
        MaxSequences = options.Engine.MaxSequences,
        MaxBatchTokens = options.Engine.MaxBatchTokens,
    };

    private static BpeTokenizer? LoadTokenizer(ModelFileSet files)
    {
        try
        {
            return files.LoadTokenizer();
        }
        catch (TokenizerFormatException error)
        {
            throw Wrap(error);
        }
    }

    /// <summary>Every token that any of the model's files calls the end of a sequence.</summary>
    private static HashSet<int> FindEosTokens(
        ModelFileSet files, ModelConfig config, GenerationDefaults defaults, BpeTokenizer? tokenizer)
    {
        HashSet<int> ids = [.. defaults.EosTokenIds, .. config.EosTokenIds];
        try
        {
            if (files.LoadTokenizerConfig().EosToken is { } token && tokenizer?.TryGetId(token, out var id) == true)
                ids.Add(id);
        }
        catch (TokenizerFormatException error)
        {
            throw Wrap(error);
        }
        return ids;
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

    private static ModelDescription DescribeModel(
        string path, ModelConfig config, NativeModelExecutor executor, Tensor[] tensors) => new(
        config.Architecture,
        Path.GetFullPath(path),
        config.Layers,
        config.HiddenSize,
        config.QueryHeads,
        config.KvHeads,
        config.HeadSize,
        config.VocabularySize,
        executor.Info.MaxContext,
        tensors.Sum(tensor => tensor.ElementCount),
        tensors.GroupBy(tensor => tensor.Dtype).MaxBy(group => group.Sum(tensor => tensor.Size))!.Key.Name(),
        tensors.Sum(tensor => tensor.Size));

    /// <summary>Digests of a model's files.</summary>
    private sealed record ModelDigests(string Weights, string? Tokenizer, string Config);
}
